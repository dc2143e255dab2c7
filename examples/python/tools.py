"""A tool loop by hand. Run it with: python3 examples/python/tools.py"""

import os

import anthropic

client = anthropic.Anthropic()  # reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
tools = [
    {
        "name": "get_weather",
        "description": "Current weather of a city",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    }
]
messages = [{"role": "user", "content": "Use the tool: what is the weather in Paris?"}]

for _ in range(4):
    message = client.messages.create(
        model=os.environ.get("ANTHROPIC_MODEL", "claude-sonnet-5-5"),
        max_tokens=512,
        tools=tools,
        messages=messages,
    )
    calls = [block for block in message.content if block.type == "tool_use"]
    if not calls:
        break
    messages.append({"role": "assistant", "content": message.content})
    results = []
    for call in calls:
        print(f"{call.name}({call.input})")
        results.append({"type": "tool_result", "tool_use_id": call.id, "content": "18 degrees, sunny"})
    messages.append({"role": "user", "content": results})

print("".join(block.text for block in message.content if block.type == "text"))

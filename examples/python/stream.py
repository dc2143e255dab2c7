"""A streamed answer. Run it with: python3 examples/python/stream.py "Why is the sky blue?" """

import os
import sys

import anthropic

client = anthropic.Anthropic()  # reads ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY
question = sys.argv[1] if len(sys.argv) > 1 else "Why is the sky blue?"

with client.messages.stream(
    model=os.environ.get("ANTHROPIC_MODEL", "claude-sonnet-5-5"),
    max_tokens=512,
    system="Answer in two sentences.",
    messages=[{"role": "user", "content": question}],
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
    message = stream.get_final_message()

print(f"\n{message.usage.input_tokens} tokens in, {message.usage.output_tokens} out, {message.stop_reason}")

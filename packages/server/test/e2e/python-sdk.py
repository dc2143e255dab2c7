"""What a Python program does with the official SDK. Prints one JSON line for each check: what it found."""

import json
import os
import sys
import time
import traceback
import uuid

import anthropic
from anthropic import Anthropic, beta_tool
from pydantic import BaseModel

MODEL = "claude-opus-4-6"
client = Anthropic(base_url=sys.argv[1], api_key=os.environ["PARLEY_KEY"], max_retries=0, timeout=300)
WEATHER = {
    "name": "get_weather",
    "description": "Get the current weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def user(text):
    return [{"role": "user", "content": text}]


def create():
    message = client.messages.create(model=MODEL, max_tokens=32, messages=user("What is the capital of France?"))
    return {"text": message.content[0].text, "model": message.model, "stop_reason": message.stop_reason}


def stream():
    types, text = [], ""
    with client.messages.stream(model=MODEL, max_tokens=64, messages=user("Count from one to five in words.")) as events:
        for event in events:
            types.append(event.type)
            if event.type == "text":
                text += event.text
        message = events.get_final_message()
    return {"first": types[0], "last": types[-1], "same": message.content[0].text == text, "stop_reason": message.stop_reason}


def count_tokens():
    request = {"model": MODEL, "system": "Be brief.", "tools": [WEATHER], "messages": user("Hello <|im_start|> there")}
    counted = client.messages.count_tokens(**request).input_tokens
    return {"counted": counted, "used": whole_input(client.messages.create(max_tokens=1, **request).usage)}


def models():
    ids = [model.id for model in client.models.list(limit=3)]
    return {"many": len(ids) > 5, "unique": len(set(ids)) == len(ids), "has": MODEL in ids, "id": client.models.retrieve("claude-haiku-4-5").id}


def tool_runner():
    seen = []

    @beta_tool
    def add(a: int, b: int) -> str:
        """Add two integers.

        Args:
            a: the first
            b: the second
        """
        seen.append([a, b])
        return str(a + b)

    runner = client.beta.messages.tool_runner(
        model=MODEL,
        max_tokens=300,
        max_iterations=4,
        tools=[add],
        messages=user("Use the tool to add 2345 and 5432, then tell me the sum."),
    )
    final = runner.until_done()
    return {"seen": seen[0] if seen else None, "stop_reason": final.stop_reason}


class Person(BaseModel):
    name: str
    age: int
    city: str


def parse():
    message = client.messages.parse(
        model=MODEL, max_tokens=200, output_format=Person, messages=user("Jane Doe is 42 years old and lives in Rome.")
    )
    return message.parsed_output.model_dump()


def caching():
    system = [
        {
            "type": "text",
            "text": f"{uuid.uuid4()} " + "You know the rules of chess. " * 60,
            "cache_control": {"type": "ephemeral"},
        }
    ]
    first, second = (client.messages.create(model=MODEL, max_tokens=4, system=system, messages=user(text)).usage for text in ("Hi", "Hello"))
    return {
        "written": first.cache_creation_input_tokens > 300,
        "read_first": first.cache_read_input_tokens,
        "read_all": second.cache_read_input_tokens == first.cache_creation_input_tokens,
        "written_again": second.cache_creation_input_tokens,
    }


def thinking():
    request = {"model": MODEL, "max_tokens": 1500, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    question = "What is 17 + 25?"
    first = client.messages.create(messages=user(question), **request)
    after = lambda content: [*user(question), {"role": "assistant", "content": content}, *user("Thanks. Say bye.")]
    again = client.messages.create(messages=after(first.content), **request)
    forged = [block.model_dump(exclude_none=True) for block in first.content]
    forged[0]["thinking"] += "!"
    return {
        "type": first.content[0].type,
        "signed": len(first.content[0].signature) > 20,
        "again": again.role,
        "forged": refusal(lambda: client.messages.create(messages=after(forged), **request)),
    }


def batches():
    ask = {"model": MODEL, "max_tokens": 8, "messages": user("Say hello.")}
    requests = [{"custom_id": "good", "params": ask}, {"custom_id": "bad", "params": {**ask, "model": "gpt-4"}}]
    made = client.messages.batches.create(requests=requests)
    batch = made
    while batch.processing_status != "ended":
        time.sleep(0.2)
        batch = client.messages.batches.retrieve(made.id)
    results = {line.custom_id: line.result for line in client.messages.batches.results(made.id)}
    listed = made.id in [each.id for each in client.messages.batches.list(limit=5)]
    deleted = client.messages.batches.delete(made.id)
    return {
        "begun": made.processing_status,
        "counts": [batch.request_counts.succeeded, batch.request_counts.errored],
        "good": [results["good"].type, results["good"].message.usage.service_tier],
        "bad": [results["bad"].type, results["bad"].error.error.type],
        "listed": listed,
        "deleted": deleted.type,
        "after": refusal(lambda: client.messages.batches.retrieve(made.id)),
        "twice": refusal(lambda: client.messages.batches.create(requests=[requests[0], requests[0]])),
    }


def files():
    # The older SDK knows the beta shape only.
    is_old = not hasattr(client, "files")
    api = client.beta.files if is_old else client.files
    made = api.upload(file=("note.txt", b"The password is swordfish.", "text/plain"))
    document = {"type": "document", "source": {"type": "file", "file_id": made.id}}
    ask = {
        "model": MODEL,
        "max_tokens": 20,
        "messages": [{"role": "user", "content": [document, {"type": "text", "text": "What is the password?"}]}],
    }
    answer = client.beta.messages.create(betas=["files-api-2025-04-14"], **ask) if is_old else client.messages.create(**ask)
    about = api.retrieve_metadata(made.id)
    listed = made.id in [each.id for each in api.list(limit=5)]
    download = refusal(lambda: api.download(made.id))
    deleted = api.delete(made.id).type
    return {
        "file": [made.filename, made.mime_type, made.size_bytes],
        "answered": answer.role,
        "same": about.id == made.id,
        "listed": listed,
        "download": download,
        "deleted": deleted,
        "after": refusal(lambda: api.retrieve_metadata(made.id)),
    }


def abort():
    with client.messages.stream(model=MODEL, max_tokens=2000, messages=user("Tell a very long story.")) as events:
        for _ in events.text_stream:
            break
    return {}


def errors():
    ask = {"model": MODEL, "max_tokens": 5, "messages": user("Hi")}
    wrong = Anthropic(base_url=sys.argv[1], api_key="sk-ant-api03-wrong", max_retries=0)
    return {
        "key": refusal(lambda: wrong.messages.create(**ask)),
        "model": refusal(lambda: client.messages.create(**{**ask, "model": "gpt-4"})),
        "body": refusal(lambda: client.messages.create(**{**ask, "messages": []})),
        "long": refusal(lambda: client.messages.create(**{**ask, "messages": user("word " * 40_000)})),
    }


def whole_input(usage):
    return usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)


def refusal(call):
    """Class, status, error type and words of what the SDK raises."""
    try:
        call()
    except anthropic.APIStatusError as error:
        detail = error.body["error"]
        has_id = (error.request_id or "").startswith("req_")
        return [type(error).__name__, error.status_code, detail["type"], detail["message"], has_id]
    return None


for check in (create, stream, count_tokens, models, tool_runner, parse, caching, thinking, batches, files, abort, errors):
    try:
        found = check()
    except Exception:
        found = {"exception": traceback.format_exc()[-1500:]}
    print(json.dumps({"check": check.__name__, "found": found}), flush=True)

import { toFunctionName } from "../../prompt/index.ts";
import { CODE_FOLDER, TALK_FD } from "../../sandbox/sandbox.ts";
import type { ToolSpec } from "../../turn/turn.ts";
import type { Program } from "./create-code-runner.ts";
import { CALLS_MAX } from "./create-tool-programs.ts";

/** A program that finds tools of the client as functions of their names. */
export function toToolProgram(code: string, tools: readonly ToolSpec[]): Pick<Program, "command" | "code"> {
  const functions = tools.map(({ name, inputSchema: { properties } }) => ({
    name,
    function: toFunctionName(name),
    parameters: Object.keys((properties as object | null | undefined) ?? {}),
  }));
  return {
    // Unbuffered: what it printed before it was ended is not lost.
    command: ["python3", "-u", `${CODE_FOLDER}/main.py`],
    code: { "main.py": HARNESS, "program.py": code, "tools.json": JSON.stringify(functions) },
  };
}

/**
 * Runs `program.py` with a coroutine function for each tool. Calls that are made together are asked together: they are sent
 * once the program has nothing else to do at once.
 */
const HARNESS = `import ast, asyncio, inspect, json, os, sys, traceback

FD = ${TALK_FD}
PROGRAM = "${CODE_FOLDER}/program.py"
TOGETHER = ${CALLS_MAX}
PAUSE_SECONDS = 0.005


class ToolError(Exception):
    pass


class Channel:
    def __init__(self):
        self.loop, self.number, self.asked, self.unread = None, 0, [], b""
        self.waiting = {}

    def ask(self, name, arguments):
        loop = asyncio.get_running_loop()
        if loop is not self.loop:
            loop.add_reader(FD, self.read)
            self.loop = loop
        arguments = json.loads(json.dumps(arguments, allow_nan=False))
        self.number += 1
        future = self.waiting[self.number] = loop.create_future()
        if not self.asked:
            loop.call_later(PAUSE_SECONDS, self.send)
        self.asked.append({"id": self.number, "name": name, "input": arguments})
        return future

    def send(self):
        data = (json.dumps({"calls": self.asked[:TOGETHER]}) + "\\n").encode()
        self.asked = self.asked[TOGETHER:]
        if self.asked:
            self.loop.call_later(PAUSE_SECONDS, self.send)
        while data:
            data = data[os.write(FD, data):]

    def read(self):
        part = os.read(FD, 65536)
        if not part:
            os._exit(1)
        *lines, self.unread = (self.unread + part).split(b"\\n")
        for line in lines:
            for result in json.loads(line)["results"]:
                future = self.waiting.pop(result["id"], None)
                if future is None or future.done():
                    continue
                if result["error"] == "TimeoutError":
                    future.set_exception(TimeoutError(result["text"]))
                elif result["error"] is not None:
                    future.set_exception(ToolError(result["text"]))
                else:
                    future.set_result(result["text"])


channel = Channel()


def tool(name, parameters):
    async def call(*args, **arguments):
        if len(args) == 1 and not arguments and isinstance(args[0], dict):
            return await channel.ask(name, args[0])
        if len(args) > len(parameters):
            raise TypeError(f"{name}() takes {len(parameters)} arguments, and {len(args)} were given")
        return await channel.ask(name, {**dict(zip(parameters, args)), **arguments})

    call.__name__ = call.__qualname__ = name
    return call


scope = {"__name__": "__main__", "__file__": PROGRAM, "ToolError": ToolError, "asyncio": asyncio, "json": json}
with open("${CODE_FOLDER}/tools.json") as file:
    for each in json.load(file):
        scope[each["function"]] = tool(each["name"], each["parameters"])
try:
    with open(PROGRAM, encoding="utf-8") as file:
        program = compile(file.read(), PROGRAM, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if program.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(program, scope))
    else:
        exec(program, scope)
except Exception as error:
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != PROGRAM:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)
    sys.exit(1)
`;

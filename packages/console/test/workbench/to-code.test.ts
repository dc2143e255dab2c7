import { spawnSync } from "node:child_process";
import { stripTypeScriptTypes } from "node:module";
import { expect, test } from "vitest";
import { toCode } from "../../src/features/workbench/to-code.ts";

const BODY = {
  model: "claude-haiku-4-5",
  max_tokens: 64,
  tools: [{ name: "add", input_schema: { type: "object", additionalProperties: false, default: null } }],
  messages: [{ role: "user", content: 'It\'s "quoted" \\ and new\nline; $(whoami) ünï' }],
};
const SERVER = "http://127.0.0.1:8484";

test("the curl line hands the shell the same request, whatever the prompt has in it", () => {
  const line = toCode("curl", BODY, SERVER).replace(/^curl /, "printf '%s\\n' ");
  const { stdout } = spawnSync("sh", ["-c", line], { encoding: "utf8", env: { PARLEY_API_KEY: "k" } });
  expect(JSON.parse(stdout.slice(stdout.indexOf("{")))).toEqual({ ...BODY, stream: true });
  expect(stdout).toContain("x-api-key: k");
});

test("the TypeScript is TypeScript, and its request is the same", () => {
  const code = toCode("typescript", BODY, SERVER);
  expect(() => stripTypeScriptTypes(code.replaceAll("await ", ""))).not.toThrow();
  const literal = code.slice(code.indexOf("stream({") + 7, code.indexOf(");\nstream.on"));
  // oxlint-disable-next-line typescript/no-implied-eval -- the test's own text, to see that it is an expression
  expect(new Function(`return (${literal})`)()).toEqual(BODY);
});

test("the Python is Python, and its request is the same", () => {
  const code = toCode("python", BODY, SERVER);
  const program = `import ast, json, sys
call = next(n for n in ast.walk(ast.parse(sys.stdin.read())) if isinstance(n, ast.Call) and ast.unparse(n.func).endswith("stream"))
print(json.dumps({k.arg: ast.literal_eval(k.value) for k in call.keywords}))`;
  const { stdout, stderr } = spawnSync("python3", ["-c", program], { input: code, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual(BODY);
});

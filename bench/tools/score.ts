/**
 * The AST check of the Berkeley function-calling set (its Python part), written anew: is each call to the right
 * function, with every required argument, nothing unexpected, and each value among the allowed ones?
 *
 * One difference, by necessity: JSON has one number type. Where the original tells `5` from `5.0` by Python type, a
 * whole number here counts as both; a fraction is still refused where an integer is declared.
 */

export interface MadeCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface FunctionDoc {
  /** As in the data: may hold dots, which no API allows in a tool's name (see `toolName`). */
  readonly name: string;
  readonly parameters: { readonly properties: Readonly<Record<string, ParameterDoc>>; readonly required?: readonly string[] };
}

export interface ParameterDoc {
  readonly type: string;
  readonly items?: { readonly type?: string };
}

/** Function name to argument name to the list of allowed values; `""` among them means that it may be left out. */
export type ExpectedCall = Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;

export type Verdict = { readonly right: true } | { readonly right: false; readonly reason: string };

const RIGHT: Verdict = { right: true };
const wrong = (reason: string): Verdict => ({ right: false, reason });

/** The APIs allow letters, digits, `_` and `-`: the original's `underscore_to_dot` models map dots the same way. */
export function toolName(name: string): string {
  return name.replaceAll(".", "_");
}

/** Order of calls is free: each expected call takes the first made call, not yet taken, that matches it. */
export function scoreCalls(
  functions: readonly FunctionDoc[],
  made: readonly MadeCall[],
  expected: readonly ExpectedCall[],
): Verdict {
  if (made.length !== expected.length) return wrong(`${made.length} calls where ${expected.length} are right`);
  const left = [...made];
  for (const one of expected) {
    const [name, allowed] = Object.entries(one)[0] ?? ["", {}];
    const doc = functions.find((candidate) => candidate.name === name);
    if (doc === undefined) return wrong(`the data names no function ${name}`);
    const verdicts = left.map((call) => scoreCall(doc, call, allowed));
    const index = verdicts.findIndex((verdict) => verdict.right);
    if (index < 0)
      return verdicts.length === 1 ? (verdicts[0] ?? wrong("no call")) : wrong(`no call matches ${JSON.stringify(one)}`);
    left.splice(index, 1);
  }
  return RIGHT;
}

function scoreCall(doc: FunctionDoc, call: MadeCall, allowed: Readonly<Record<string, readonly unknown[]>>): Verdict {
  if (call.name !== toolName(doc.name)) return wrong(`${call.name} called, not ${doc.name}`);
  for (const name of doc.parameters.required ?? []) if (!Object.hasOwn(call.input, name)) return wrong(`${name} is missing`);
  for (const [name, value] of Object.entries(call.input)) {
    const parameter = doc.parameters.properties[name];
    const values = allowed[name];
    if (parameter === undefined || values === undefined) return wrong(`${name} is not expected`);
    if (!argumentMatches(parameter, value, values)) {
      return wrong(`${name} is ${JSON.stringify(value)}, not one of ${JSON.stringify(values)}`);
    }
  }
  for (const [name, values] of Object.entries(allowed)) {
    if (!values.includes("") && !Object.hasOwn(call.input, name)) return wrong(`${name} is missing`);
  }
  return RIGHT;
}

function argumentMatches(parameter: ParameterDoc, value: unknown, allowed: readonly unknown[]): boolean {
  const answerKind = kindOf(allowed.find((answer) => answer !== ""));
  const declared = declaredKind(parameter.type);
  if (!hasKind(value, declared)) {
    // The data then holds a variable's name or another spelling: the answer's own type is right too.
    return answerKind !== null && hasKind(value, answerKind) && allowed.some((answer) => sameJson(answer, value));
  }
  const isVariable = answerKind !== null && !compatible(declared, answerKind);
  if (isVariable) return allowed.some((answer) => sameJson(answer, value));
  switch (declared) {
    case "string":
      return allowed.some((answer) => typeof answer === "string" && sameText(answer, value as string));
    case "object":
      return allowed.some((answer) => isRecord(answer) && isRecord(value) && recordMatches(value, answer));
    case "array":
      return arrayMatches(value as readonly unknown[], allowed, parameter.items?.type);
    default:
      return allowed.some((answer) => sameJson(answer, value));
  }
}

function arrayMatches(value: readonly unknown[], allowed: readonly unknown[], itemType: string | undefined): boolean {
  if (itemType !== undefined && declaredKind(itemType) === "object") {
    return allowed.some(
      (answer) =>
        Array.isArray(answer) &&
        answer.length === value.length &&
        value.every((item, index) => isRecord(item) && isRecord(answer[index]) && recordMatches(item, answer[index])),
    );
  }
  const plain = value.map(standardise);
  return allowed.some((answer) => Array.isArray(answer) && sameJson(answer.map(standardise), plain));
}

/** Of a nested object only the first level is checked, each member against its own list of allowed values. */
function recordMatches(value: Readonly<Record<string, unknown>>, allowed: Readonly<Record<string, unknown>>): boolean {
  for (const [name, member] of Object.entries(value)) {
    const values = allowed[name];
    if (!Array.isArray(values)) return false;
    if (!values.some((answer) => sameJson(standardise(answer), standardise(member)))) return false;
  }
  return Object.entries(allowed).every(
    ([name, values]) => Object.hasOwn(value, name) || (Array.isArray(values) && values.includes("")),
  );
}

type Kind = "string" | "integer" | "float" | "boolean" | "array" | "object";

function declaredKind(type: string): Kind {
  switch (type) {
    case "integer":
    case "float":
    case "boolean":
    case "array":
      return type;
    case "tuple":
      return "array";
    case "dict":
      return "object";
    default:
      return "string";
  }
}

function kindOf(value: unknown): Kind | null {
  if (typeof value === "string") return "string";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "float";
  if (typeof value === "boolean") return "boolean";
  if (Array.isArray(value)) return "array";
  return isRecord(value) ? "object" : null;
}

function hasKind(value: unknown, kind: Kind): boolean {
  const own = kindOf(value);
  return own !== null && compatible(kind, own);
}

const compatible = (declared: Kind, own: Kind): boolean => own === declared || (declared === "float" && own === "integer");

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const standardise = (value: unknown): unknown => (typeof value === "string" ? standardText(value) : value);
const standardText = (text: string): string =>
  text
    .replaceAll(/[ ,./\-_*^]/g, "")
    .toLowerCase()
    .replaceAll("'", '"');
const sameText = (left: string, right: string): boolean => standardText(left) === standardText(right);

function sameJson(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => sameJson(item, right[index]));
  }
  if (isRecord(left) && isRecord(right)) {
    const names = Object.keys(left);
    return (
      names.length === Object.keys(right).length &&
      names.every((name) => Object.hasOwn(right, name) && sameJson(left[name], right[name]))
    );
  }
  return left === right;
}

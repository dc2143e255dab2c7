import type { CliContext } from "../cli-context.ts";

/** What one check found. `remedy` says what to do; null where nothing needs doing. */
export interface Finding {
  readonly name: string;
  readonly status: "ok" | "warning" | "problem";
  readonly detail: string;
  readonly remedy: string | null;
}

export type Check = (context: CliContext) => Promise<Finding>;

export function ok(name: string, detail: string): Finding {
  return { name, status: "ok", detail, remedy: null };
}

export function warning(name: string, detail: string, remedy: string): Finding {
  return { name, status: "warning", detail, remedy };
}

export function problem(name: string, detail: string, remedy: string): Finding {
  return { name, status: "problem", detail, remedy };
}

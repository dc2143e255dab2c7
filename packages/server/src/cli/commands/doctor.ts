import type { CliContext } from "../cli-context.ts";
import { runChecks } from "../doctor/checks.ts";

const MARKS = { ok: "✓", warning: "!", problem: "✗" } as const;

/** Shows what is wrong and how to mend it; exit code 1 when something is. */
export async function doctor(context: CliContext): Promise<void> {
  const findings = await runChecks(context);
  for (const { name, status, detail, remedy } of findings) {
    context.say(`${MARKS[status]} ${name.padEnd(12)} ${detail}`);
    if (remedy !== null) context.say(`${" ".repeat(15)}→ ${remedy}`);
  }
  context.emit({ ok: findings.every(({ status }) => status !== "problem"), findings });
  if (findings.some(({ status }) => status === "problem")) process.exitCode = 1;
}

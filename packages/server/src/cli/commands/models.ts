import { catalog } from "../../weights/catalog.ts";
import { type CliContext, UserError } from "../cli-context.ts";
import { confirm } from "../confirm.ts";
import { formatBytes } from "../progress-bar.ts";

export async function listModels(context: CliContext): Promise<void> {
  const installed = await context.weights.list();
  const lines = Object.entries(context.config.models);
  const servesOf = (name: string): string[] => lines.filter(([, weights]) => weights === name).map(([line]) => line);
  const known = new Set(installed.map(({ name }) => name));
  const rows = [
    ...installed.map(({ name, title, bytes }) => ({ name, title, bytes, installed: true, serves: servesOf(name) })),
    ...catalog
      .filter(({ name }) => !known.has(name))
      .map(({ name, title, bytes }) => ({ name, title, bytes, installed: false, serves: servesOf(name) })),
  ];
  for (const row of rows) {
    context.emit(row);
    const serves = row.serves.length > 0 ? `  answers for ${row.serves.join(", ")}` : "";
    context.say(`${row.installed ? "●" : "○"} ${row.name.padEnd(38)} ${formatBytes(row.bytes).padStart(8)}${serves}`);
  }
  context.say("\n● on disk   ○ can be fetched with `parley pull NAME`");
}

export async function removeModel(name: string, options: { readonly yes?: boolean }, context: CliContext): Promise<void> {
  await confirm(`Remove ${name} from disk?`, options, context);
  if (!(await context.weights.remove(name))) {
    throw new UserError(`${name} is not on disk. \`parley models list\` shows what is.`);
  }
  context.say(`Removed ${name}.`);
  context.emit({ removed: name });
}

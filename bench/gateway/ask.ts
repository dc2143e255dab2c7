import { join } from "node:path";
import type { Gateway } from "./gateways.ts";
import { type Load, runClient } from "./processes.ts";

const PROMPT = "Lorem ipsum dolor sit amet, consectetur adipiscing elit. ".repeat(36).slice(0, 2_048);
const clientFile = join(import.meta.dirname, "client.ts");

/** Sends the benchmark's one request over and over, with the client's own arguments. Throws where more than a hundredth fails. */
export async function ask(
  gateway: Pick<Gateway, "name" | "url" | "headers">,
  isStream: boolean,
  args: readonly string[],
): Promise<Load> {
  const where = ["--url", `${gateway.url}/v1/messages`, "--headers", JSON.stringify(gateway.headers), "--body", body(isStream)];
  const load = await runClient(clientFile, [...where, ...args]);
  if (load.wholeMs.length === 0 || load.failures > load.wholeMs.length / 100) {
    throw new Error(`${gateway.name}: ${load.failures} failed, ${load.wholeMs.length} did not: ${load.lastFailure}`);
  }
  return load;
}

const body = (isStream: boolean): string =>
  JSON.stringify({ model: "claude-haiku-4-5", max_tokens: 32, stream: isStream, messages: [{ role: "user", content: PROMPT }] });

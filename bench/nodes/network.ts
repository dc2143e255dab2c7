import { execFileSync, spawnSync } from "node:child_process";
import type { Addresses, NodeName } from "./arrangement.ts";
import { start } from "./processes.ts";

const BASE = "10.77.0.1";
const DATABASE = "10.77.0.2";
const NODES: Readonly<Record<NodeName, string>> = { "node-a": "10.77.0.11", "node-b": "10.77.0.12", "node-c": "10.77.0.13" };
/** Nobody has it: what is sent there vanishes. */
const NOWHERE = "02:00:00:00:00:99";
const APART = "PARLEY_BENCH_APART";

/** Runs this script again in a network namespace of its own, which needs root. True in there. */
export function isApart(): boolean {
  if (process.env[APART] !== undefined) return true;
  const { status } = spawnSync("unshare", ["--net", process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, [APART]: "1" },
  });
  if (status !== 0) throw new Error("needs network namespaces: root, and a system that lets it make them");
  return false;
}

const ip = (...line: readonly string[]): void => void execFileSync("ip", line, { stdio: ["ignore", "ignore", "inherit"] });

/** A switch, and each node behind a cable of its own. Cables do not come loose here: packets between two addresses vanish, both ways. */
export async function buildNetwork(): Promise<Network> {
  await using built = new AsyncDisposableStack();
  ip("link", "set", "lo", "up");
  ip("link", "add", "switch", "type", "bridge");
  for (const address of [BASE, DATABASE]) ip("address", "add", `${address}/24`, "dev", "switch");
  ip("link", "set", "switch", "up");
  const inside = new Map<string, readonly string[]>();
  for (const [name, address] of Object.entries(NODES)) {
    const holder = start("unshare", ["--net", "sh", "-c", "echo ready; exec sleep infinity"]);
    built.defer(() => holder.end("SIGKILL"));
    await holder.firstLine;
    const enter = ["nsenter", `--net=/proc/${holder.child.pid}/ns/net`];
    inside.set(name, enter);
    ip("link", "add", name, "type", "veth", "peer", "name", "cable", "netns", String(holder.child.pid));
    ip("link", "set", name, "master", "switch", "up");
    const there = (...line: readonly string[]): void => run([...enter, "ip", ...line]);
    there("link", "set", "lo", "up");
    there("address", "add", `${address}/24`, "dev", "cable");
    there("link", "set", "cable", "up");
  }
  const enterOf = (name: NodeName): readonly string[] => inside.get(name) ?? [];
  const change = (verb: "replace" | "del", name: NodeName, to: NodeName | "database"): void => {
    const line = (address: string, device: string): string[] => [
      "ip",
      "neighbour",
      verb,
      address,
      "dev",
      device,
      ...(verb === "del" ? [] : ["lladdr", NOWHERE, "nud", "permanent"]),
    ];
    run([...enterOf(name), ...line(to === "database" ? DATABASE : NODES[to], "cable")]);
    // The database shares its machine with nginx, which goes on reaching the node: there one way has to be enough.
    if (to !== "database") run([...enterOf(to), ...line(NODES[name], "cable")]);
  };
  const kept = built.move();
  return {
    at: { base: BASE, database: DATABASE, nodes: NODES, subnet: "10.77.0.0/24" },
    enter: Object.fromEntries(inside),
    cut: (name, to) => change("replace", name, to),
    mend: (name, to) => change("del", name, to),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function run([file = "", ...rest]: readonly string[]): void {
  execFileSync(file, rest, { stdio: ["ignore", "ignore", "inherit"] });
}

export interface Network extends AsyncDisposable {
  readonly at: Addresses;
  /** What runs a program of a node. */
  readonly enter: Partial<Record<NodeName, readonly string[]>>;
  cut(name: NodeName, to: NodeName | "database"): void;
  mend(name: NodeName, to: NodeName | "database"): void;
}

import { lookup } from "node:dns/promises";
import type { ResolvedAddress } from "./egress-policy.ts";

/** As every other program of this machine resolves names: its hosts file, then its name servers. */
export async function resolveBySystem(host: string): Promise<readonly ResolvedAddress[]> {
  const addresses = await lookup(host, { all: true, verbatim: true });
  return addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
}

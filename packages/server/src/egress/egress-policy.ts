import { isIP } from "node:net";
import { EgressError } from "./egress-error.ts";
import { isPublicAddress, toNetworks } from "./public-address.ts";

/** An IP address, as a resolver gives it. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

export interface EgressPolicy {
  /** Resolves a name itself, or throws. Never sees an IP address. */
  addressesOf(host: string, port: number): Promise<readonly ResolvedAddress[]>;
}

export interface EgressPolicyOptions {
  /**
   * What may be reached though it is not public: names (`search.internal`), names and ports (`search.internal:8080`),
   * addresses and networks (`10.2.0.0/16`).
   */
  readonly allow: readonly string[];
  /** Off: only what `allow` lists is reached. */
  readonly isPublicReached: boolean;
  readonly resolve: (host: string) => Promise<readonly ResolvedAddress[]>;
}

const ADDRESS_OR_NETWORK = /^[\d.]+(\/\d+)?$|^[\da-f:.]*:[\da-f:.]*:[\da-f:.]*(\/\d+)?$/i;

/** Decides where a connection may go. Every address of a name must pass: one that does not is a sign of rebinding. */
export function createEgressPolicy({ allow, isPublicReached, resolve }: EgressPolicyOptions): EgressPolicy {
  const networks = toNetworks(allow.filter((entry) => ADDRESS_OR_NETWORK.test(entry)));
  const names = new Set(allow.filter((entry) => !ADDRESS_OR_NETWORK.test(entry)).map((entry) => entry.toLowerCase()));

  const mayConnect = ({ address, family }: ResolvedAddress, host: string, port: number): boolean => {
    if (names.has(host) || names.has(`${host}:${port}`)) return true;
    if (networks.check(address, family === 6 ? "ipv6" : "ipv4")) return true;
    return isPublicReached && isWebPort(port) && isPublicAddress(address);
  };

  return {
    addressesOf: async (host, port) => {
      const family = isIP(host);
      const addresses =
        family === 0 ? await resolveName(resolve, host) : [{ address: host, family: family === 6 ? 6 : 4 } as const];
      const refused = addresses.find((address) => !mayConnect(address, host, port));
      if (refused) throw new EgressError("refused-address", `${host} port ${port} is ${refused.address}, which is not reached`);
      return addresses;
    },
  };
}

/** Below 1024 only the web's own: mail, DNS, LDAP and SMB read an HTTP request as commands of theirs. */
function isWebPort(port: number): boolean {
  return port === 80 || port === 443 || port >= 1024;
}

async function resolveName(resolve: EgressPolicyOptions["resolve"], host: string): Promise<readonly ResolvedAddress[]> {
  const addresses = await resolve(host).catch((cause: unknown) => {
    throw new EgressError("unresolved", `${host} does not resolve`, cause);
  });
  if (addresses.length === 0) throw new EgressError("unresolved", `${host} has no address`);
  return addresses;
}

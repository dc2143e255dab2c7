import { BlockList, isIP } from "node:net";
import type { IncomingMessage } from "node:http";

/** Proxies whose word counts, as addresses (`10.0.0.2`, `::1`) or networks (`10.0.0.0/8`). Throws for anything else. */
export function toTrustedProxies(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = familyOf(address);
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/**
 * Where a request comes from: the peer or, where that is a trusted proxy, the last address of `X-Forwarded-For` that is not
 * one. What stands before it anybody may have written.
 */
export function networkAddressOf({ headers, socket }: IncomingMessage, trusted: BlockList): string {
  let address = plain(socket.remoteAddress ?? "");
  // Most requests: to ask the list would cost more than all else here.
  if (headers["x-forwarded-for"] === undefined) return address;
  const forwarded = [headers["x-forwarded-for"]].flat().join(",").split(",");
  while (isIP(address) !== 0 && trusted.check(address, familyOf(address))) {
    const before = plain(forwarded.pop() ?? "");
    if (isIP(before) === 0) break;
    address = before;
  }
  return address;
}

/** An IPv4 address as such, also where the socket takes both kinds. */
function plain(address: string): string {
  return address.trim().replace(/^::ffff:(?=\d+\.)/i, "");
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

import { BlockList, isIP } from "node:net";
import type { IncomingMessage } from "node:http";

/** Addresses (`10.0.0.2`, `::1`) and networks (`10.0.0.0/8`). Throws for anything else. */
export function toNetworks(networks: readonly string[]): BlockList {
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

/** From this machine, or one of the networks, and not through a proxy that speaks for another. */
export function isLocal({ headers, socket }: IncomingMessage, networks: BlockList): boolean {
  if (headers["x-forwarded-for"] !== undefined || headers.forwarded !== undefined) return false;
  const address = plain(socket.remoteAddress ?? "");
  return address === "::1" || address.startsWith("127.") || (isIP(address) !== 0 && networks.check(address, familyOf(address)));
}

/** An IPv4 address as such, also where the socket takes both kinds. */
function plain(address: string): string {
  return address.trim().replace(/^::ffff:(?=\d+\.)/i, "");
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

import { BlockList, isIPv4 } from "node:net";

/**
 * What the special-purpose registries of IANA hold back from the public internet. 168.63.129.16 is a public address that
 * answers with a machine's metadata on Azure; the others' metadata addresses lie within these networks.
 */
const NOT_PUBLIC_IPV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "168.63.129.16/32",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
];

/** Of IPv6 only 2000::/3 is handed out; what wraps an IPv4 address (mapped, 6to4, Teredo, NAT64) is never taken. */
const NOT_PUBLIC_IPV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const notPublicIpv4 = toNetworks(NOT_PUBLIC_IPV4);
const handedOutIpv6 = toNetworks(["2000::/3"]);
const notPublicIpv6 = toNetworks(NOT_PUBLIC_IPV6);

/** Whether an IP address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !notPublicIpv4.check(address, "ipv4");
  return handedOutIpv6.check(address, "ipv6") && !notPublicIpv6.check(address, "ipv6");
}

/** Addresses (`10.0.0.2`, `::1`) and networks (`10.0.0.0/8`) as one list. Throws for anything else. */
export function toNetworks(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    list.addSubnet(address, bits === undefined ? (family === "ipv4" ? 32 : 128) : Number(bits), family);
  }
  return list;
}

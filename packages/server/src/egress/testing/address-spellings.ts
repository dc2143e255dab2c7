import type { SsrfCase } from "./ssrf-corpus.ts";

/** Loopback, the three private networks, and where clouds keep their secrets. */
const TARGETS: readonly (readonly [number, number, number, number])[] = [
  [127, 0, 0, 1],
  [10, 0, 0, 1],
  [172, 16, 0, 1],
  [192, 168, 0, 1],
  [169, 254, 169, 254],
];

const BASES: readonly ((part: number) => string)[] = [
  String,
  (part) => `0x${part.toString(16)}`,
  (part) => `0${part.toString(8)}`,
];

/** Written around an address that is already spelled. */
const DRESSES: readonly ((host: string, port: number) => string)[] = [
  (host, port) => `http://${host}:${port}/`,
  (host, port) => `http://${host}.:${port}/`,
  (host, port) => `http://${percentEncoded(host)}:${port}/`,
  (host, port) => `http://${fullwidth(host)}:${port}/`,
  (host, port) => `http://example.com@${host}:${port}/`,
];

/** Every way to write IPv4 addresses that a parser may know: each part in each base, in four, three, two parts and one. */
export function addressSpellings(port: number): readonly SsrfCase[] {
  const four = TARGETS.flatMap((target) => hostsOf(target)).flatMap((host) => DRESSES.map((dress) => dress(host, port)));
  const six = TARGETS.flatMap((target) => wrappedInIpv6(target)).map((host) => `http://[${host}]:${port}/`);
  return [
    ...[...new Set(four)].map((url) => ({ name: "a spelling of IPv4", url })),
    ...[...new Set(six)].map((url) => ({ name: "IPv4 within IPv6", url })),
  ];
}

function hostsOf([a, b, c, d]: readonly [number, number, number, number]): string[] {
  return [
    [a, b, c, d],
    [a, b, c * 256 + d],
    [a, b * 65_536 + c * 256 + d],
    // Not by shifting: the sign would be lost.
    [a * 16_777_216 + b * 65_536 + c * 256 + d],
  ].flatMap((parts) => spell(parts));
}

function spell(parts: readonly number[]): string[] {
  const [first, ...rest] = parts;
  if (first === undefined) return [];
  const tails = rest.length === 0 ? [""] : spell(rest).map((tail) => `.${tail}`);
  return BASES.flatMap((base) => tails.map((tail) => `${base(first)}${tail}`));
}

function wrappedInIpv6(target: readonly [number, number, number, number]): string[] {
  const hex = target.map((part) => part.toString(16).padStart(2, "0"));
  const dotted = target.join(".");
  const pairs = `${hex[0]}${hex[1]}:${hex[2]}${hex[3]}`;
  return [
    ...["::", "::ffff:", "::ffff:0:", "64:ff9b::", "64:ff9b:1::", "0:0:0:0:0:ffff:"].flatMap((prefix) => [
      `${prefix}${dotted}`,
      `${prefix}${pairs}`,
      `${prefix}${pairs}`.toUpperCase(),
    ]),
    `2002:${pairs}::`,
    `2002:${pairs}::1`,
    `2001::${pairs}`,
  ];
}

function percentEncoded(host: string): string {
  return host.replaceAll(/./g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

/** The same digits and letters of another block, which host names are folded from. */
function fullwidth(host: string): string {
  return host.replaceAll(/./g, (character) => String.fromCodePoint(character.charCodeAt(0) + 0xfee0));
}

/** How an attacker may write an address. `port` is where the forbidden server listens. */
export interface SsrfCase {
  readonly name: string;
  readonly url: string;
}

/** Names that `startNameServer` answers, by what they lead to. */
export const HOSTILE_NAMES: Readonly<Record<string, readonly string[]>> = {
  "loopback.test": ["127.0.0.1"],
  "loopback6.test": ["::1"],
  "mapped.test": ["::ffff:127.0.0.1"],
  "private10.test": ["10.0.0.1"],
  "private172.test": ["172.16.0.1"],
  "private192.test": ["192.168.1.1"],
  "metadata.test": ["169.254.169.254"],
  "unspecified.test": ["0.0.0.0"],
  "mixed.test": ["93.184.215.14", "127.0.0.1"],
  "mixed-reversed.test": ["127.0.0.1", "93.184.215.14"],
  "mixed6.test": ["93.184.215.14", "::1"],
  "unique-local.test": ["fd00:ec2::254"],
  "xn--bcher-kva.test": ["127.0.0.1"],
};

/** Everything that leads to this machine or its network, however it is spelled. None of them may be reached. */
export function ssrfCorpus(port: number): readonly SsrfCase[] {
  const web = (name: string, host: string): SsrfCase => ({ name, url: `http://${host}:${port}/` });
  return [
    ...IPV4.map((host) => web("IPv4", host)),
    ...IPV6.map((host) => web("IPv6", `[${host}]`)),
    ...Object.keys(HOSTILE_NAMES).map((host) => web("a name of a private address", host)),
    ...[
      "bücher.test",
      "LOOPBACK.TEST",
      "loopback.test.",
      "lo%6fpback.test",
      "localhost",
      "LOCALHOST",
      "a.localhost",
      "localhost.",
    ].map((host) => web("an odd name", host)),
    ...SPELLINGS.map((spell) => ({ name: "an odd URL", url: spell(`127.0.0.1:${port}`) })),
    ...SCHEMES.map((url) => ({ name: "another scheme", url: url.replace("PORT", String(port)) })),
    ...["168.63.129.16", "169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "[fd00:ec2::254]"].map((host) => ({
      name: "a metadata address",
      url: `http://${host}/latest/meta-data/`,
    })),
  ];
}

/** A case as a web server puts it into its `location`. */
export function toLocation(url: string): string {
  return Buffer.from(url.replaceAll("\u0000", "%00").replaceAll(/[\r\n]/g, "%0a"), "utf8").toString("latin1");
}

const IPV4 = [
  "127.0.0.1",
  "127.1",
  "127.0.1",
  "127.127.127.127",
  "127.0.0.1.",
  "2130706433",
  "0x7f000001",
  "0x7f.1",
  "0x7f.0x0.0x0.0x1",
  "0X7F.0.0.1",
  "0177.0.0.1",
  "0177.0.0.01",
  "017700000001",
  "00000177.0.0.1",
  "0x7f.0.0.01",
  "127.0x0.0.1",
  "0",
  "0.0.0.0",
  "0x0",
  "1.0.0.127.in-addr.arpa",
  "①②⑦.⓪.⓪.①",
  "127。0。0。1",
  "127．0．0．1",
  "１２７.０.０.１",
  "%31%32%37.0.0.1",
  "127.0.0.1%00",
  "10.0.0.1",
  "10.255.255.255",
  "0xa.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "3232235521",
  "100.64.0.1",
  "169.254.1.1",
  "192.0.2.1",
  "198.18.0.1",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
];

const IPV6 = [
  "::1",
  "0:0:0:0:0:0:0:1",
  "0000:0000:0000:0000:0000:0000:0000:0001",
  "::",
  "::127.0.0.1",
  "::7f00:1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::FFFF:7F00:0001",
  "0:0:0:0:0:ffff:127.0.0.1",
  "::ffff:0:127.0.0.1",
  "::ffff:10.0.0.1",
  "::ffff:169.254.169.254",
  "64:ff9b::127.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b:1::7f00:1",
  "2002:7f00:1::",
  "2002:7f00:0001::1",
  "2001::7f00:1",
  "2001:db8::1",
  "3fff::1",
  "fe80::1",
  "fe80::1%25eth0",
  "fec0::1",
  "fc00::1",
  "fd00::1",
  "fd00:ec2::254",
  "ff02::1",
  "100::1",
];

const SPELLINGS: readonly ((target: string) => string)[] = [
  (target) => `http://example.com@${target}/`,
  (target) => `http://user:pass@${target}/`,
  (target) => `http://example.com%40${target}/`,
  (target) => `http://${target}#@example.com/`,
  (target) => `http://${target}?@example.com/`,
  (target) => `http://${target}\\@example.com/`,
  (target) => `http://example.com\\@${target}/`,
  (target) => `http:\\\\${target}/`,
  (target) => `http:/${target}/`,
  (target) => `http:${target}/`,
  (target) => `http:///${target}/`,
  (target) => `//${target}/`,
  (target) => `http://\t${target}/`,
  (target) => `ht\ntp://${target}/`,
  (target) => `http://127.0.0\r\n.1${target.slice("127.0.0.1".length)}/`,
  (target) => ` http://${target}/`,
  (target) => `http://${target}/ `,
  (target) => `\u0000http://${target}/`,
  (target) => `HTTP://${target}/`,
  (target) => `hTTps://${target}/`,
  (target) => `http://${target};example.com/`,
  (target) => `http://[${target}]/`,
  (target) => `http://@${target}/`,
  (target) => `http://:@${target}/`,
  (target) => `http://１２７.0.0.1${target.slice("127.0.0.1".length)}/`,
];

const SCHEMES = [
  "file:///etc/passwd",
  "file://127.0.0.1:PORT/etc/passwd",
  "gopher://127.0.0.1:PORT/_GET%20/%0d%0a",
  "ftp://127.0.0.1:PORT/",
  "dict://127.0.0.1:PORT/stat",
  "ldap://127.0.0.1:PORT/",
  "ws://127.0.0.1:PORT/",
  "wss://127.0.0.1:PORT/",
  "data:text/plain,hello",
  "javascript:fetch('http://127.0.0.1:PORT/')",
  "blob:http://127.0.0.1:PORT/1",
  "jar:http://127.0.0.1:PORT/!/",
  "unix:/var/run/docker.sock",
  "view-source:http://127.0.0.1:PORT/",
  "about:blank",
];

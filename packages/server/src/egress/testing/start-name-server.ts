import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Resolver } from "node:dns/promises";
import { SocketAddress, isIPv4 } from "node:net";
import type { ResolvedAddress } from "../egress-policy.ts";

export interface NameServer extends AsyncDisposable {
  /** Asks this server, over UDP, for both kinds of addresses. */
  readonly resolve: (host: string) => Promise<readonly ResolvedAddress[]>;
  /** How often a name was asked for. */
  asked(name: string): number;
}

const TYPE_A = 1;
const TYPE_AAAA = 28;
const NO_SUCH_NAME = 3;

/**
 * A real name server on loopback, with answers that live for no time at all. `answer` is asked anew for each query, so that a
 * name can lead elsewhere the second time.
 */
export async function startNameServer(answer: (name: string, time: number) => readonly string[]): Promise<NameServer> {
  const socket = createSocket("udp4");
  const counts = new Map<string, number>();
  socket.on("message", (query, from) => {
    const { name, type, end } = readQuestion(query);
    const isFirstKind = type === TYPE_A;
    const time = (counts.get(name) ?? 0) + (isFirstKind ? 1 : 0);
    if (isFirstKind) counts.set(name, time);
    const all = answer(name, Math.max(time, 1));
    const records = all
      .filter((address) => isIPv4(address) === isFirstKind && (isFirstKind || type === TYPE_AAAA))
      .map((address) => toRecord(address, type));
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180 | (all.length === 0 ? NO_SUCH_NAME : 0), 2);
    header.writeUInt16BE(records.length, 6);
    header.writeUInt32BE(0, 8);
    socket.send(Buffer.concat([header, query.subarray(12, end), ...records]), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    resolve: async (host) => {
      const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
      return [
        ...(four.status === "fulfilled" ? four.value : []).map((address) => ({ address, family: 4 as const })),
        ...(six.status === "fulfilled" ? six.value : []).map((address) => ({ address, family: 6 as const })),
      ];
    },
    asked: (name) => counts.get(name) ?? 0,
    [Symbol.asyncDispose]: async () => {
      resolver.cancel();
      socket.close();
      await once(socket, "close");
    },
  };
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function toRecord(address: string, type: number): Buffer {
  const data = type === TYPE_A ? Buffer.from(address.split(".").map(Number)) : toIpv6Bytes(address);
  const record = Buffer.alloc(12);
  // The name is the question's, at byte 12 of the message; the time to live is 0.
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(type, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt16BE(data.length, 10);
  return Buffer.concat([record, data]);
}

function toIpv6Bytes(address: string): Buffer {
  // As the WHATWG parser writes it: at most one `::`, and no dotted part.
  const host = new URL(`http://[${new SocketAddress({ address, family: "ipv6" }).address}]`).hostname.slice(1, -1);
  const [head = "", tail] = host.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => "0"), ...right];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}

import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { stopOnSignals } from "./stop-on-signals.ts";

function start() {
  const source = new EventEmitter();
  const told: string[] = [];
  const at = { ms: 0 };
  stopOnSignals(source, { stop: () => told.push("stop"), force: () => told.push("force"), monotonicMs: () => at.ms });
  return { source, told, at };
}

test("a Ctrl-C that is passed on by the parents is one Ctrl-C, and a later one does not wait", () => {
  const { source, told, at } = start();
  for (const ms of [5_000, 5_002, 5_040]) {
    at.ms = ms;
    source.emit("SIGINT");
  }
  expect(told).toEqual(["stop"]);
  at.ms = 7_000;
  source.emit("SIGINT");
  expect(told).toEqual(["stop", "force"]);
});

test("SIGTERM stops once, however often it comes", () => {
  const { source, told, at } = start();
  source.emit("SIGTERM");
  at.ms = 9_000;
  source.emit("SIGTERM");
  expect(told).toEqual(["stop"]);
});

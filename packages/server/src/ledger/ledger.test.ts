import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeTurnRecord } from "../storage/turn-records.ts";
import { sampleTurn } from "./__fixtures__/sample-turn.ts";
import { formatSpoolLine, parseSpool } from "./spool-format.ts";
import { toTurnRecordRow } from "./to-turn-record-row.ts";

const rows = ["req_1", 'req_2 "quoted" \n ü 😀', "req_3"].map((id) => encodeTurnRecord(toTurnRecordRow(sampleTurn(id))));
const text = rows.map(formatSpoolLine).join("");

test("what was spooled is read back as it was", () => {
  expect(parseSpool(text)).toEqual({ rows, damagedLines: 0 });
});

test("a spool cut at any byte yields exactly the whole lines before the cut", () => {
  const bytes = Buffer.from(text);
  const ends = rows.map((_, index) =>
    Buffer.byteLength(
      rows
        .slice(0, index + 1)
        .map(formatSpoolLine)
        .join(""),
    ),
  );
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    // Without its newline the last line is whole already.
    const whole = ends.filter((end) => end - 1 <= cut).length;
    expect(parseSpool(bytes.subarray(0, cut).toString("utf8"))).toEqual({ rows: rows.slice(0, whole), damagedLines: 0 });
  }
});

test("a changed byte never yields a changed row", () => {
  const bytes = Buffer.from(text);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ flip;
      for (const row of parseSpool(damaged.toString("latin1")).rows) {
        expect(rows.map(({ json }) => Buffer.from(json).toString("latin1"))).toContain(row.json);
      }
      expect(parseSpool(damaged.toString("utf8")).rows.length).toBeGreaterThanOrEqual(1);
    }),
  );
});

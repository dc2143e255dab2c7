import { expect, test } from "vitest";
import { OutputLog } from "./output-log.ts";

test("rewinding cuts to a token boundary and gives back the text that must be written again", () => {
  const log = new OutputLog();
  log.append([1], "call ");
  log.append([2, 3], '": {"');
  log.append([4], "city");
  expect(log.rewindTo(8)).toBe('": ');
  expect(log.tokens).toEqual([1]);
  expect(log.text).toBe("call ");
  log.append([9], '": ');
  expect(log.rewindTo(8)).toBe("");
  expect(log.tokens).toEqual([1, 9]);
  expect(log.rewindTo(0)).toBe("");
  expect(log.tokens).toEqual([]);
});

import { expect, test } from "vitest";
import { editRow } from "../src/app/edit-row.ts";

const rows = [
  { id: "a", name: "one" },
  { id: "b", name: "two" },
];
const renamed = [
  { id: "a", name: "one" },
  { id: "b", name: "three" },
];
const rename = { id: "b", fields: { name: "three" } };

test("a row is edited in a list, in a page and in many pages, and what is around it stays", () => {
  expect(editRow(rows, rename)).toEqual(renamed);
  expect(editRow({ data: rows, has_more: true }, rename)).toEqual({ data: renamed, has_more: true });
  expect(editRow({ pages: [{ data: [] }, { data: rows }], pageParams: [null, "b"] }, rename)).toEqual({
    pages: [{ data: [] }, { data: renamed }],
    pageParams: [null, "b"],
  });
});

test("a row that is gone is in no list, and what holds no rows is left as it is", () => {
  expect(editRow({ data: rows }, { id: "a", fields: null })).toEqual({ data: [rows[1]] });
  const uses = new Map([["a", "today"]]);
  expect(editRow(uses, { id: "a", fields: null })).toBe(uses);
  expect(editRow({ type: "progress", id: "a" }, { id: "a", fields: null })).toEqual({ type: "progress", id: "a" });
  expect(editRow(undefined, rename)).toBeUndefined();
});

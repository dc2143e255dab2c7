import { expect, test } from "vitest";
import { rankByWords } from "./rank-by-words.ts";

const rank = (items: readonly string[], query: string) => rankByWords(items, query, (text) => text);

test("what shares rarer words, and more often, comes first", () => {
  const tools = ["getWeather forecast of a city", "sendMail to a person", "weather weather map", "listCities"];
  expect(rank(tools, "the weather")).toEqual(["weather weather map", "getWeather forecast of a city"]);
  expect(rank(tools, "cities")).toEqual(["listCities"]);
  expect(rank([], "anything")).toEqual([]);
});

test("texts of many megabytes are read to their share, and what stands within it is found", () => {
  const long = "filler word ".repeat(500_000);
  const tools = [`frogs ${long}`, `toads ${long}`, `${long} frogs`];
  expect(rank(tools, "frogs")).toEqual([tools[0]]);
});

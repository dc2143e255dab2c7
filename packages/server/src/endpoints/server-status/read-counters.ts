import type { ServerStatus } from "@parley/wire";

/** What a node has counted, from the text that Prometheus gets: so it is the sum of all its processes where it has several. */
export function readCounters(exposed: string): { readonly turnsRunning: number; readonly counters: ServerStatus["counters"] } {
  const sum = (name: string, labels: RegExp = /^/): number => {
    let total = 0;
    for (const [, has = "", value] of exposed.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, "gm"))) {
      if (labels.test(has)) total += Number(value);
    }
    return total;
  };
  const tokens = (kind: RegExp): number => sum("parley_tokens_total", kind);
  return {
    turnsRunning: sum("parley_turns_running"),
    counters: {
      requests: sum("parley_http_requests_total"),
      // 529 says that there is too much to do, which is no fault.
      server_errors: sum("parley_http_requests_total", /\bstatus="5(?!29)\d\d"/),
      turns: sum("parley_turns_total"),
      input_tokens: tokens(/\bkind="input"/),
      cache_read_tokens: tokens(/\bkind="cache_read"/),
      cache_write_tokens: tokens(/\bkind="cache_write_/),
      output_tokens: tokens(/\bkind="output"/),
    },
  };
}

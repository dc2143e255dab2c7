import type { Endpoint } from "../../endpoints/define-endpoint.ts";
import { type Failure, fail } from "../../platform/fail.ts";

/** The path by which routes are found: `/v1/v1/…` (a base URL that already ends in /v1) and a trailing slash are forgiven. */
export function normalizePath(path: string): string {
  const single = path.replace(/^\/+(?:v1\/+)+v1(?=\/)/, "/v1").replace(/\/{2,}/g, "/");
  return single.length > 1 && single.endsWith("/") ? single.slice(0, -1) : single;
}

/** Methods that some endpoint has at this path; empty where there is none. */
export function methodsAt(path: string, endpoints: readonly Endpoint[]): readonly string[] {
  return endpoints.filter((endpoint) => toPattern(endpoint.path).test(path)).map((endpoint) => endpoint.method);
}

/** The largest body that is taken at this path; 0 where none is. */
export function bodyLimitAt(method: string, path: string, endpoints: readonly Endpoint[]): number {
  const route = normalizePath(path);
  const endpoint = endpoints.find((each) => each.method === method && toPattern(each.path).test(route));
  return (endpoint?.body ?? endpoint?.upload)?.maxBytes ?? 0;
}

function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/:\w+/g, "[^/]+")}$`);
}

/** Says what is wrong with a path that leads nowhere. */
export function unknownPath(method: string, path: string, endpoints: readonly Endpoint[]): Failure {
  const shown = path.slice(0, 200);
  if (!path.startsWith("/v1/") && methodsAt(`/v1${path}`, endpoints).length > 0) {
    return fail("not_found_error", {
      public: `Not Found: ${method} ${shown}. Paths of the API begin with /v1: did you mean /v1${shown}?`,
    });
  }
  return fail("not_found_error", { public: `Not Found: ${method} ${shown}. GET /openapi.json lists what there is.` });
}

/** Tells an upstream which span asks it. */
export function traceHeader({ traceparent }: { readonly traceparent?: string }): Readonly<Record<string, string>> {
  return traceparent === undefined ? {} : { traceparent };
}

/** The first value of a header that may come more than once; null where it is absent. */
export function firstOf(value: string | readonly string[] | undefined): string | null {
  return (typeof value === "string" ? value : value?.[0]) ?? null;
}

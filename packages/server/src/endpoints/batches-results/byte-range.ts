/** A `Range` header against something of this size. Null: there is none that counts, all of it is wanted. */
export function parseByteRange(
  header: string | undefined,
  sizeBytes: number,
): { readonly start: number; readonly end: number } | "unsatisfiable" | null {
  // Several ranges at once, and units other than bytes, may be ignored. Source: RFC 9110 section 14.2.
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replaceAll(" ", "") ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (!match || (first === "" && last === "")) return null;
  if (first === "") {
    const bytes = Math.min(Number(last), sizeBytes);
    return bytes === 0 ? "unsatisfiable" : { start: sizeBytes - bytes, end: sizeBytes - 1 };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return null;
  if (start >= sizeBytes) return "unsatisfiable";
  return { start, end: last === "" ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
}

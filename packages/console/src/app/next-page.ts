const KEY = "parley.next-page";

/** Remembers where somebody was going who signs in elsewhere and comes back to the first page. */
export function keepNextPage(path: string): void {
  sessionStorage.setItem(KEY, path);
}

/** Where that was, once; null: nowhere. */
export function takeNextPage(): string | null {
  const path = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return isOwnPath(path) ? path : null;
}

/** Only to a page of the Console, never to another site. */
export function isOwnPath(value: unknown): value is string {
  return typeof value === "string" && /^\/(?![/\\])/.test(value);
}

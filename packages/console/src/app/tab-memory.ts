/**
 * What a page leaves for itself in this tab, to be there when it is opened again. The browser forgets it with the tab, and the
 * sign-in page makes it forget: the next person at this machine finds nothing.
 */
export function readTab(name: string): string | null {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Null forgets it. What does not fit is not kept, and what was kept before neither: half of it would be wrong. */
export function writeTab(name: string, value: string | null): void {
  try {
    sessionStorage.removeItem(name);
    if (value !== null) sessionStorage.setItem(name, value);
  } catch {
    // Full, or closed to us: then the page begins empty next time.
  }
}

export function forgetTab(): void {
  try {
    sessionStorage.clear();
  } catch {
    // Closed to us: there is nothing in it.
  }
}

import type { NewSession } from "../../sign-in/sessions.ts";

export const SESSION_COOKIE = "parley_session";
const OPENID_COOKIE = "parley_openid";

/** Under TLS a browser takes a cookie of this name from this host only, never from a neighbouring one or a page without TLS. */
export function sessionCookieName(origin: string): string {
  return isTls(origin) ? `__Host-${SESSION_COOKIE}` : SESSION_COOKIE;
}

/** The same but for the host: its path is narrower than `__Host-` allows. */
export function openIdCookieName(origin: string): string {
  return isTls(origin) ? `__Secure-${OPENID_COOKIE}` : OPENID_COOKIE;
}

/** `Set-Cookie` of a session that begins. */
export function sessionCookie({ token, expiresAtMs }: NewSession, origin: string): string {
  return formatCookie(sessionCookieName(origin), token, { expiresAtMs, origin, path: "/", sameSite: "Strict" });
}

/** `Set-Cookie` of a session that ends. */
export function endedSessionCookie(origin: string): string {
  return formatCookie(sessionCookieName(origin), "", { expiresAtMs: 0, origin, path: "/", sameSite: "Strict" });
}

/** Comes back with the provider's redirect, which is another site's: `Strict` would keep it away. */
export function openIdCookie(ticket: string, expiresAtMs: number, origin: string): string {
  return formatCookie(openIdCookieName(origin), ticket, { expiresAtMs, origin, path: "/console/api/openid", sameSite: "Lax" });
}

/** The value of a cookie; null where the browser sent none of that name. */
export function readCookie(header: string | undefined, name: string): string | null {
  for (const part of (header ?? "").split(";")) {
    const [key, ...value] = part.split("=");
    if (key?.trim() === name) return value.join("=").trim() || null;
  }
  return null;
}

function isTls(origin: string): boolean {
  return origin.startsWith("https:");
}

function formatCookie(
  name: string,
  value: string,
  options: { readonly expiresAtMs: number; readonly origin: string; readonly path: string; readonly sameSite: "Strict" | "Lax" },
): string {
  const secure = isTls(options.origin) ? "; Secure" : "";
  const expires = new Date(options.expiresAtMs).toUTCString();
  return `${name}=${value}; Path=${options.path}; Expires=${expires}; HttpOnly; SameSite=${options.sameSite}${secure}`;
}

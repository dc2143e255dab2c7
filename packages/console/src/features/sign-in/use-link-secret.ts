import { useEffect, useState } from "react";

/**
 * The one-time secret behind the `#` of a link, which browsers send to no server. It is taken out of the address at once, so
 * that neither the history nor a screenshot keeps it.
 */
export function useLinkSecret(): string | null {
  const [secret] = useState(() => decodeURIComponent(window.location.hash.slice(1)));
  useEffect(() => window.history.replaceState(window.history.state, "", window.location.pathname), []);
  return secret === "" ? null : secret;
}

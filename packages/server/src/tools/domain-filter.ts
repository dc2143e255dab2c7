/** Whether an address belongs to one of the domains: the host itself or one below it, and the beginning of the path. */
function isInDomains(url: string, domains: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, pathname } = new URL(url);
  return domains.some((domain) => {
    const [host = "", ...path] = domain.split("/");
    const ascii = toAsciiHost(host);
    const isHost = hostname === ascii || hostname.endsWith(`.${ascii}`);
    const prefix = `/${path.join("/")}`;
    return isHost && (prefix === "/" || pathname === prefix || pathname.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`));
  });
}

export interface DomainFilter {
  readonly allowed_domains?: readonly string[] | null | undefined;
  readonly blocked_domains?: readonly string[] | null | undefined;
}

/** Whether a tool's definition lets an address be used. */
export function passesDomains(url: string, { allowed_domains: allowed, blocked_domains: blocked }: DomainFilter): boolean {
  if (allowed && !isInDomains(url, allowed)) return false;
  return !(blocked && isInDomains(url, blocked));
}

/** As addresses are parsed: in lower case and punycode. */
function toAsciiHost(host: string): string {
  return URL.canParse(`https://${host}`) ? new URL(`https://${host}`).hostname : host.toLowerCase();
}

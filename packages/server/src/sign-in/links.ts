/** What stands behind `#` stays in the browser: neither a server's log nor a `Referer` sees it. */
export function ownerLink(base: string, secret: string): string {
  return `${base}/console/owner#${secret}`;
}

export function inviteLink(base: string, secret: string): string {
  return `${base}/console/invite#${secret}`;
}

export function passwordLink(base: string, secret: string): string {
  return `${base}/console/password#${secret}`;
}

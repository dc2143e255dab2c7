import { isIPv4 } from "node:net";
import { EgressError } from "./egress-error.ts";

const MAX_URL_LENGTH = 8_192;

/**
 * The one parser of addresses that others give. What it returns is also what is connected to: no second reading can differ.
 * `host` is a name or a bare IP address, without the brackets of IPv6.
 */
export function parseEgressUrl(text: string): { readonly url: URL; readonly host: string; readonly port: number } {
  if (text.length > MAX_URL_LENGTH) throw new EgressError("refused-url", `an address of ${text.length} characters`);
  // The parser would drop or turn these, and other software reads them otherwise.
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020\u007f\\]/.test(text)) throw new EgressError("refused-url", "blanks, control characters or backslashes");
  if (!URL.canParse(text)) throw new EgressError("refused-url", "is no URL");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new EgressError("refused-url", `${url.protocol} is neither http nor https`);
  }
  if (url.username !== "" || url.password !== "") throw new EgressError("refused-url", "a URL with credentials");
  if (url.hostname === "") throw new EgressError("refused-url", "no host");
  const isBracketed = url.hostname.startsWith("[");
  const host = isBracketed ? url.hostname.slice(1, -1) : url.hostname;
  // 0x7f.1, 0177.0.0.1, 2130706433 and full-width digits are read as IPv4 too; nobody writes a public address so.
  if (isIPv4(host) && !text.slice(text.indexOf("//") + 2).startsWith(host)) {
    throw new EgressError("refused-url", `an odd spelling of ${host}`);
  }
  url.hash = "";
  return { url, host, port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port) };
}

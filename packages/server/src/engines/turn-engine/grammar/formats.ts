/** The hosts and paths that the formats below are made of. */
const LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?";
const HOST = `${LABEL}(?:\\.${LABEL})*`;
const PATH = "[a-zA-Z0-9._~!$&'()*+,;=:@/-]";
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const DATE =
  "(?:\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))" +
  // 29 February, in leap years only.
  "|(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";
const TIME = "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)";

/** Formats as expressions. Each is a part of what the validator accepts, in the usual spelling. */
export const FORMATS: ReadonlyMap<string, string> = new Map([
  ["date", DATE],
  ["time", TIME],
  ["date-time", `${DATE}T${TIME}`],
  ["uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"],
  ["email", `[a-zA-Z0-9_+-]+(?:\\.[a-zA-Z0-9_+-]+)*@${LABEL}(?:\\.${LABEL})+`],
  ["hostname", HOST],
  ["ipv4", `${OCTET}(?:\\.${OCTET}){3}`],
  ["uri", `[a-z][a-z0-9+.-]*://${HOST}(?::\\d{1,5})?(?:/${PATH}*)?(?:\\?(?:${PATH}|\\?)*)?(?:#(?:${PATH}|\\?)*)?`],
]);

/** Formats that the validator checks and no grammar here expresses. Others are annotations. */
export const CHECKED_FORMATS: ReadonlySet<string> = new Set([
  "iso-time",
  "iso-date-time",
  "duration",
  "uri-reference",
  "uri-template",
  "url",
  "ipv6",
  "regex",
  "json-pointer",
  "json-pointer-uri-fragment",
  "relative-json-pointer",
  "byte",
]);

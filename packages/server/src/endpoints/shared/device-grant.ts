export const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** A form of a few fields. */
export const OAUTH_BODY_MAX_BYTES = 16 * 1024;

export const NOT_KEPT = { "cache-control": "no-store", pragma: "no-cache" } as const;

/** What a client saw of one streamed reply. Times count from the moment the request was sent. */
export interface Seen {
  readonly firstEventMs: number;
  readonly firstTokenMs: number;
  readonly lastTokenMs: number;
  readonly endMs: number;
  /** The whole prompt, whether computed or read from a cache. */
  readonly promptTokens: number;
  readonly outputTokens: number;
}

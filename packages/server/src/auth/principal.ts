/** Who is calling, after authentication. Everything below a door sees this, never a key. */
export interface Principal {
  readonly organizationId: string;
  readonly workspaceId: string;
  readonly apiKeyId: string;
}

export interface Authenticator {
  /** Resolves a presented API key. Throws `authentication_error` (`invalid x-api-key`) for anything but a live key. */
  authenticate(secret: string): Promise<Principal>;
}

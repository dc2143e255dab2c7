/** In place of a key's id for what people do in the Console; reports show null, as the platform's do for its Workbench. */
export const NO_API_KEY = "workbench";

/** Who is calling in a workspace, after authentication. Everything below a door sees this, never a key. */
export interface Principal {
  readonly organizationId: string;
  readonly workspaceId: string;
  /** `NO_API_KEY` for a signed-in person. */
  readonly apiKeyId: string;
  /** The person that the key acts for, whose spend limit bears its turns; none for a key of nobody's. */
  readonly userId?: string;
  /** Absent: all of the workspace. Else only what Claude Code asks for (`forClaudeCode` of an endpoint): models, and nothing that is stored. */
  readonly reach?: "claude-code";
}

/** Who administers an organization: an admin key now, a signed-in person through the Console. */
export interface AdminPrincipal {
  readonly organizationId: string;
  /** For the audit log and `created_by`. */
  readonly actor: { readonly type: "admin_api_key" | "user"; readonly id: string };
}

/** What a signed request is checked against. */
export interface Signer {
  readonly principal: Principal;
  readonly secretAccessKey: string;
}

export interface Authenticator {
  /** Resolves a presented API key. Throws `authentication_error` (`invalid x-api-key`) for anything but a live key. */
  authenticate(secret: string): Promise<Principal>;
  /** The same for an admin key. */
  authenticateAdmin(secret: string): Promise<AdminPrincipal>;
  /** Whose requests an AWS access key id signs, while its API key is live; null for any other id. It proves nothing yet. */
  findSigner(awsAccessKeyId: string): Promise<Signer | null>;
}

import { z } from "zod";

/** Bodies and replies of `/console/api/…`: signing in and one's own account. They are Parley's own, not the platform's. */
const secret = z.string().min(1).max(200);
const password = z.string().min(1);
const email = z.email().max(254);
const personName = z.string().regex(/\S/).max(200);
/** Of the authenticator app, or a recovery code. */
const code = z.string().min(1).max(100);

export const ConsoleOwnerRequest = z
  .strictObject({ secret, email, name: personName, password })
  .meta({ id: "ConsoleOwnerRequest", description: "Takes ownership with the secret of the link that the first start prints." });

export const ConsoleInviteRequest = z
  .strictObject({ secret, name: personName, password })
  .meta({ id: "ConsoleInviteRequest", description: "Accepts an invite with the secret of its link." });

export const ConsolePasswordLinkRequest = z
  .strictObject({ secret, password, code: code.optional() })
  .meta({ id: "ConsolePasswordLinkRequest", description: "Sets a password with the secret of a link." });

export const ConsoleSignInRequest = z
  .strictObject({ email: z.string().min(1).max(254), password, code: code.optional() })
  .meta({ id: "ConsoleSignInRequest" });

export const ConsoleReauthenticateRequest = z
  .strictObject({ password, code: code.optional() })
  .meta({ id: "ConsoleReauthenticateRequest" });

export const ConsolePasswordRequest = z
  .strictObject({
    /** Left out by somebody who has none yet. */
    current_password: password.optional(),
    password,
  })
  .meta({ id: "ConsolePasswordRequest" });

export const ConsoleCodeRequest = z.strictObject({ code }).meta({ id: "ConsoleCodeRequest" });

export const ConsolePerson = z
  .object({ id: z.string(), email: z.string(), name: z.string(), role: z.string() })
  .meta({ id: "ConsolePerson" });

/** What the pages offer somebody; what they may do the server asks again each time. */
export const ConsoleAbility = z.enum(["administer", "see_billing", "use_models"]).meta({ id: "ConsoleAbility" });
export type ConsoleAbility = z.infer<typeof ConsoleAbility>;

export const ConsoleSession = z
  .object({
    type: z.literal("console_session"),
    person: ConsolePerson,
    organization_id: z.string(),
    may: z.array(ConsoleAbility),
    second_factor: z.boolean(),
    /** How this person may prove again who they are; empty: by signing in anew only. */
    confirm_with: z.array(z.enum(["password", "openid"])),
    /** RFC 3339: until when sensitive things may be done without proving again who one is. */
    authenticated_until: z.string(),
  })
  .meta({ id: "ConsoleSession" });
export type ConsoleSession = z.infer<typeof ConsoleSession>;

export const ConsoleSignInMethods = z
  .object({
    type: z.literal("sign_in_methods"),
    password: z.literal(true),
    openid: z.boolean(),
    /** Nobody owns the organization yet: the owner's link is the only way in. */
    needs_owner: z.boolean(),
  })
  .meta({ id: "ConsoleSignInMethods" });

export const ConsoleTotpEnrolment = z
  .object({ type: z.literal("totp_enrolment"), secret: z.string(), uri: z.string() })
  .meta({ id: "ConsoleTotpEnrolment" });

export const ConsoleRecoveryCodes = z
  .object({ type: z.literal("recovery_codes"), codes: z.array(z.string()) })
  .meta({ id: "ConsoleRecoveryCodes", description: "Each works once; they are shown only now." });

export const ConsoleDone = z.object({ type: z.literal("done") }).meta({ id: "ConsoleDone" });

export const ConsoleSessionSummary = z
  .object({
    type: z.literal("console_session_summary"),
    id: z.string(),
    /** The one that asks. */
    is_current: z.boolean(),
    /** Of the browser, as it called itself. */
    user_agent: z.string().nullable(),
    created_at: z.iso.datetime(),
    last_seen_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: "ConsoleSessionSummary" });
export type ConsoleSessionSummary = z.infer<typeof ConsoleSessionSummary>;

export const ConsoleSessionList = z
  .object({ data: z.array(ConsoleSessionSummary) })
  .meta({ id: "ConsoleSessionList", description: "Where a person is signed in, the session used last first." });

export const ConsoleWorkspace = z
  .object({
    type: z.literal("console_workspace"),
    id: z.string(),
    name: z.string(),
    is_default: z.boolean(),
    /** Whether whoever asks may use models in it. */
    may_use_models: z.boolean(),
    /** Zero data retention: nothing of its prompts and replies is stored, by the server or by its pages. */
    keeps_nothing: z.boolean(),
  })
  .meta({ id: "ConsoleWorkspace" });
export type ConsoleWorkspace = z.infer<typeof ConsoleWorkspace>;

export const ConsoleWorkspaceList = z.object({ data: z.array(ConsoleWorkspace) }).meta({
  id: "ConsoleWorkspaceList",
  description: "The workspaces that a person may see, newest first and the default one last.",
});

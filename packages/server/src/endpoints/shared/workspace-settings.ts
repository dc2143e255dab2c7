import { fail } from "../../platform/fail.ts";

/** `data_residency.allowed_inference_geos`; null: unrestricted. */
export function toAllowedGeos<Geo extends string>(allowed: readonly Geo[] | "unrestricted"): readonly Geo[] | null {
  return allowed === "unrestricted" ? null : [...new Set(allowed)];
}

/** What a workspace of the platform's can have attached, and one of ours cannot. */
export function refuseAttachments(body: {
  readonly external_key_id?: string | null | undefined;
  readonly user_profile_id?: string | null | undefined;
}): void {
  if (typeof body.external_key_id === "string") {
    throw fail("invalid_request_error", {
      public: "external_key_id: Customer-managed encryption keys are not enabled for this organization",
    });
  }
  if (typeof body.user_profile_id === "string") {
    throw fail("not_found_error", {
      public: `user_profile_id: User profile not found: ${body.user_profile_id.slice(0, 100)}`,
      details: { error_code: "user_profile_not_found" },
    });
  }
}

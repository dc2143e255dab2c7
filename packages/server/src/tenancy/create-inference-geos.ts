import type { Clock } from "../platform/clock.ts";
import { fail } from "../platform/fail.ts";
import { createReadings } from "../storage/create-readings.ts";
import type { Storage } from "../storage/storage.ts";
import { findWorkspaceAnywhere } from "../storage/workspaces.ts";

const GEOS = ["global", "us"] as const;

export type InferenceGeo = (typeof GEOS)[number];

/** Where a workspace's turns may run. */
export interface InferenceGeos {
  /**
   * The geography of a turn: what the request asks for, else the workspace's default. Throws `invalid_request_error` for
   * one that the workspace does not allow, or that neither this server nor the model's pool can promise.
   */
  choose(
    workspaceId: string,
    asked: string | null | undefined,
    pool: { readonly runsInUs: boolean } | null,
  ): Promise<InferenceGeo>;
  /** Where this server's machines stand, as far as its operator says so. */
  readonly standsIn: "us" | null;
}

export interface InferenceGeosOptions extends Pick<InferenceGeos, "standsIn"> {
  readonly storage: Storage;
  readonly clock: Clock;
}

interface Rule {
  /** Null: any. */
  readonly allowed: readonly InferenceGeo[] | null;
  readonly byDefault: InferenceGeo;
}

const UNRESTRICTED: Rule = { allowed: null, byDefault: "global" };

export function createInferenceGeos({ storage, clock, standsIn }: InferenceGeosOptions): InferenceGeos {
  const rules = createReadings({ clock, read: (workspaceId) => readRule(storage, workspaceId) });

  return {
    standsIn,
    async choose(workspaceId, asked, pool) {
      const { allowed, byDefault } = await rules.of(workspaceId);
      const geo = GEOS.find((each) => each === (asked ?? byDefault));
      if (!geo) throw fail("invalid_request_error", { public: "inference_geo: Input should be 'global' or 'us'" });
      if (allowed !== null && !allowed.includes(geo)) {
        const choices = allowed.map((each) => `'${each}'`).join(" or ");
        throw fail("invalid_request_error", { public: `inference_geo: this workspace allows only ${choices}` });
      }
      if (geo === "us" && (pool === null ? standsIn !== "us" : !pool.runsInUs)) {
        throw fail("invalid_request_error", {
          public:
            pool === null
              ? "inference_geo: only 'global' is supported: this server does not know where it stands"
              : "inference_geo: only 'global' is supported: no upstream of this model is known to stand in the United States",
        });
      }
      return geo;
    },
  };
}

async function readRule(storage: Storage, workspaceId: string): Promise<Rule> {
  const workspace = await findWorkspaceAnywhere(storage, workspaceId);
  if (!workspace) return UNRESTRICTED;
  return { allowed: workspace.allowedInferenceGeos, byDefault: workspace.defaultInferenceGeo };
}

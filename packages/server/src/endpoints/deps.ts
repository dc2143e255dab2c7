import type { Batches } from "../batches/create-batches.ts";
import type { ClientFleet } from "../client-fleet/create-client-fleet.ts";
import type { Containers } from "../containers/create-containers.ts";
import type { CreatedApiKey, CreateKeyOptions } from "../auth/manage-api-keys.ts";
import type { Egress } from "../egress/index.ts";
import type { MediaReader } from "../documents/read-media.ts";
import type { Files } from "../files/create-files.ts";
import type { LimitGauge } from "../limits/create-limit-gauge.ts";
import type { LimitPolicy } from "../limits/limit-policy.ts";
import type { ModelControl } from "../models/model-control.ts";
import type { ModelRegistry } from "../models/model-registry.ts";
import type { Changes } from "../platform/changes.ts";
import type { ThinkingSigner } from "../prompt/index.ts";
import type { Accounts } from "../sign-in/create-accounts.ts";
import type { Skills } from "../skills/create-skills.ts";
import type { InferenceGeos } from "../tenancy/create-inference-geos.ts";
import type { DataPolicy } from "../retention/create-data-policy.ts";
import type { Retention } from "../retention/create-retention.ts";
import type { WorkspaceRow } from "../storage/workspaces.ts";
import type { McpConnector } from "../tools/mcp/mcp-connector.ts";
import type { Doer, TenancyDeps } from "../tenancy/tenancy-deps.ts";
import type { IdempotencyStore } from "./messages-create/idempotency-store.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { RunTurnDeps } from "./shared/run-turn.ts";
import type { RunningTurns } from "./shared/running-turns.ts";

/** Everything that handlers work with; `main.ts` makes it. */
export interface EndpointDeps extends RunTurnDeps {
  readonly ledger: Ledger;
  readonly models: ModelRegistry;
  readonly modelControl: ModelControl;
  /** Tells open pages what changed. */
  readonly changes: Changes;
  readonly thinkingSigner: ThinkingSigner;
  /** Seals what search results carry, with a key of their own. */
  readonly searchSeals: ThinkingSigner;
  readonly idempotency: IdempotencyStore;
  readonly turns: RunningTurns;
  readonly files: Files;
  readonly skills: Skills;
  readonly containers: Pick<Containers, "get">;
  /** The only way to an address that a request gives. */
  readonly egress: Egress;
  readonly media: MediaReader;
  /** Lists and calls the tools of MCP servers that requests bring. */
  readonly mcp: McpConnector;
  readonly batches: Batches;
  readonly tenancy: TenancyDeps;
  readonly inferenceGeos: InferenceGeos;
  readonly limitPolicy: LimitPolicy;
  readonly limitGauge: LimitGauge;
  /** Whether turns are charged to credits and limits, and need credits. */
  readonly charging: { readonly isOn: boolean; readonly isPrepaid: boolean };
  /** How spend alerts are sent; null: not at all. */
  readonly alertChannels: { readonly webhookOrigin: string | null; readonly mailFrom: string | null };
  readonly dataPolicy: DataPolicy;
  readonly retention: Retention;
  /** Everything that is kept of it, as a gzipped tar. */
  readonly exportWorkspace: (workspace: WorkspaceRow) => AsyncIterable<Uint8Array>;
  readonly accounts: Accounts;
  /** What Claude Code on people's machines gets from its gateway, and sends there. */
  readonly clientFleet: ClientFleet;
  /** Makes a key of any organization: who calls it has seen to whose the workspace is. */
  readonly createApiKey: (options: CreateKeyOptions, doer: Doer) => Promise<CreatedApiKey>;
  /** The same of replacing one. */
  readonly rotateApiKey: (apiKeyId: string, overlapMs: number, doer: Doer) => Promise<CreatedApiKey>;
  /** Name of each thing that a turn needs, and whether it is there. */
  readonly readiness: () => Promise<Readonly<Record<string, boolean>>>;
}

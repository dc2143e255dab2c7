import { z } from "zod";
import { pageOf, PRINTABLE } from "./page-of.ts";

const InferenceGeo = z.enum(["global", "us"]);
const AllowedInferenceGeos = z.union([z.literal("unrestricted"), z.array(InferenceGeo).min(1).max(2)]);

export const DataResidency = z
  .strictObject({
    workspace_geo: z.literal("us"),
    allowed_inference_geos: AllowedInferenceGeos,
    default_inference_geo: InferenceGeo,
  })
  .meta({ id: "DataResidency" });

export const Workspace = z
  .strictObject({
    id: z.string(),
    type: z.literal("workspace"),
    name: z.string(),
    display_color: z.string(),
    created_at: z.iso.datetime(),
    archived_at: z.iso.datetime().nullable(),
    compartment_id: z.string(),
    external_key_id: z.string().nullable(),
    user_profile_id: z.string().nullable(),
    tags: z.record(z.string(), z.string()),
    data_residency: DataResidency,
  })
  .meta({ id: "Workspace" });
export type Workspace = z.infer<typeof Workspace>;

/** Parley's own: the platform only archives. */
export const WorkspaceDeleted = z
  .strictObject({ id: z.string(), type: z.literal("workspace_deleted") })
  .meta({ id: "WorkspaceDeleted" });

export const WorkspacePage = pageOf(Workspace).meta({ id: "WorkspacePage" });

const Name = z.string().min(1).max(40).regex(PRINTABLE);
const Color = z.string().regex(/^#[0-9A-Fa-f]{6}$/);
const TagValue = z
  .string()
  .max(256)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u);

export const WorkspaceCreateRequest = z
  .strictObject({
    name: Name,
    display_color: Color.nullish(),
    tags: z.record(z.string(), TagValue).nullish(),
    data_residency: z
      .strictObject({
        workspace_geo: z.literal("us").nullish(),
        allowed_inference_geos: AllowedInferenceGeos.nullish(),
        default_inference_geo: InferenceGeo.nullish(),
      })
      .nullish(),
    external_key_id: z.string().nullish(),
    user_profile_id: z.string().nullish(),
  })
  .meta({ id: "WorkspaceCreateRequest" });
export type WorkspaceCreateRequest = z.infer<typeof WorkspaceCreateRequest>;

/** Left out or null: as it is. A tag whose value is null is removed. */
export const WorkspaceUpdateRequest = z
  .strictObject({
    name: Name.optional(),
    display_color: Color.optional(),
    tags: z.record(z.string(), TagValue.nullable()).nullish(),
    data_residency: z
      .strictObject({
        allowed_inference_geos: AllowedInferenceGeos.nullish(),
        default_inference_geo: InferenceGeo.nullish(),
      })
      .nullish(),
    external_key_id: z.string().optional(),
    user_profile_id: z.string().optional(),
  })
  .meta({ id: "WorkspaceUpdateRequest" });
export type WorkspaceUpdateRequest = z.infer<typeof WorkspaceUpdateRequest>;

CREATE TABLE "organization_tiers" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"tier" text NOT NULL,
	"custom_limits" jsonb,
	"changed_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "workspace_rate_limits" (
	"workspace_id" text NOT NULL,
	"group_key" text NOT NULL,
	"type" text NOT NULL,
	"value" bigint NOT NULL,
	CONSTRAINT "workspace_rate_limits_workspace_id_group_key_type_pk" PRIMARY KEY("workspace_id","group_key","type")
);

CREATE TABLE "workspace_data_policies" (
	"workspace_id" text PRIMARY KEY NOT NULL,
	"zero_data_retention" boolean NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL
);

ALTER TABLE "workspace_data_policies" ADD COLUMN "retention_days" integer;--> statement-breakpoint
ALTER TABLE "workspace_data_policies" ADD COLUMN "file_retention_days" integer;--> statement-breakpoint
ALTER TABLE "workspace_data_policies" ADD COLUMN "emptied_at" timestamp (3) with time zone;
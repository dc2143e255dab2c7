CREATE TABLE "containers" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "containers_workspace" ON "containers" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "containers_expiring" ON "containers" USING btree ("expires_at");
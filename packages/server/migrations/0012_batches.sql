CREATE TABLE "batch_items" (
	"batch_id" text NOT NULL,
	"position" integer NOT NULL,
	"custom_id" text NOT NULL,
	"request_id" text NOT NULL,
	"start" bigint NOT NULL,
	"length" integer NOT NULL,
	"prefix_key" text NOT NULL,
	"status" text NOT NULL,
	"attempts" integer NOT NULL,
	"lease_token" text,
	"lease_until" timestamp (3) with time zone,
	"result" text,
	"turn_record" text,
	CONSTRAINT "batch_items_batch_id_position_pk" PRIMARY KEY("batch_id","position")
);
--> statement-breakpoint
CREATE TABLE "message_batches" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"api_key_id" text NOT NULL,
	"status" text NOT NULL,
	"version" text NOT NULL,
	"betas" jsonb NOT NULL,
	"is_beta" boolean NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"cancel_initiated_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"archived_at" timestamp (3) with time zone,
	"requests_key" text,
	"results_key" text,
	"results_bytes" bigint,
	"requests" integer NOT NULL,
	"succeeded" integer NOT NULL,
	"errored" integer NOT NULL,
	"canceled" integer NOT NULL,
	"expired" integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX "batch_items_queued" ON "batch_items" USING btree ("batch_id","prefix_key","position") WHERE status = 'queued';--> statement-breakpoint
CREATE INDEX "batch_items_leased" ON "batch_items" USING btree ("lease_until") WHERE status = 'running' or turn_record is not null;--> statement-breakpoint
CREATE INDEX "batch_items_open" ON "batch_items" USING btree ("batch_id") WHERE status in ('queued', 'running') or turn_record is not null;--> statement-breakpoint
CREATE INDEX "message_batches_workspace_created" ON "message_batches" USING btree ("workspace_id","created_at","id");--> statement-breakpoint
CREATE INDEX "message_batches_open" ON "message_batches" USING btree ("created_at") WHERE status <> 'ended' or requests_key is not null;
CREATE TABLE "spend_increase_requests" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"user_id" text NOT NULL,
	"period" text NOT NULL,
	"status" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"resolved_at" timestamp (3) with time zone,
	"resolved_by_type" text,
	"resolved_by_id" text
);
--> statement-breakpoint
CREATE INDEX "spend_increase_requests_organization" ON "spend_increase_requests" USING btree ("organization_id","created_at");
CREATE TABLE "limit_buckets" (
	"key" text PRIMARY KEY NOT NULL,
	"limit_per_minute" bigint NOT NULL,
	"level_units" bigint NOT NULL,
	"updated_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "limit_clock" (
	"id" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"offset_ms" bigint NOT NULL,
	"version" bigint NOT NULL
);

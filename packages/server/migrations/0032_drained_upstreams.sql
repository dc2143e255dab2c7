CREATE TABLE "drained_upstreams" (
	"upstream" text PRIMARY KEY NOT NULL,
	"drained_at" timestamp (3) with time zone NOT NULL,
	"drained_by" text NOT NULL
);

CREATE TABLE "device_grants" (
	"device_code_hmac" text PRIMARY KEY NOT NULL,
	"user_code_hmac" text NOT NULL,
	"user_agent" text,
	"network" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"polled_at" timestamp (3) with time zone,
	"interval_seconds" integer NOT NULL,
	"status" text NOT NULL,
	"api_key_id" text
);
--> statement-breakpoint
CREATE TABLE "device_tokens" (
	"token_hmac" text PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"api_key_id" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "route_reload_answers" (
	"reload_id" bigint NOT NULL,
	"node" text NOT NULL,
	"problem" text,
	"answered_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "route_reload_answers_reload_id_node_pk" PRIMARY KEY("reload_id","node")
);
--> statement-breakpoint
CREATE TABLE "route_reloads" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "route_reloads_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"asked_at" timestamp (3) with time zone NOT NULL,
	"asked_by" text NOT NULL
);
--> statement-breakpoint
ALTER TABLE "device_tokens" ADD CONSTRAINT "device_tokens_api_key_id_api_keys_id_fk" FOREIGN KEY ("api_key_id") REFERENCES "public"."api_keys"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "route_reload_answers" ADD CONSTRAINT "route_reload_answers_reload_id_route_reloads_id_fk" FOREIGN KEY ("reload_id") REFERENCES "public"."route_reloads"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "device_grants_user_code" ON "device_grants" USING btree ("user_code_hmac");--> statement-breakpoint
CREATE INDEX "device_grants_expires" ON "device_grants" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "device_tokens_key" ON "device_tokens" USING btree ("api_key_id");--> statement-breakpoint
CREATE INDEX "device_tokens_expires" ON "device_tokens" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "route_reloads_asked_at" ON "route_reloads" USING btree ("asked_at");
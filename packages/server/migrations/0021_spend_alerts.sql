CREATE TABLE "spend_alert_deliveries" (
	"alert_id" text NOT NULL,
	"channel" text NOT NULL,
	"attempts" integer NOT NULL,
	"next_try_at" timestamp (3) with time zone,
	"sent_at" timestamp (3) with time zone,
	CONSTRAINT "spend_alert_deliveries_alert_id_channel_pk" PRIMARY KEY("alert_id","channel")
);
--> statement-breakpoint
CREATE TABLE "spend_alerts" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"scope_type" text NOT NULL,
	"scope_id" text NOT NULL,
	"period" text,
	"period_start" timestamp (3) with time zone NOT NULL,
	"threshold_percent" integer NOT NULL,
	"limit_nano_usd" bigint NOT NULL,
	"spent_nano_usd" bigint NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "spend_alerts_once" UNIQUE NULLS NOT DISTINCT("organization_id","scope_type","scope_id","period","period_start","threshold_percent")
);
--> statement-breakpoint
ALTER TABLE "spend_alert_deliveries" ADD CONSTRAINT "spend_alert_deliveries_alert_id_spend_alerts_id_fk" FOREIGN KEY ("alert_id") REFERENCES "public"."spend_alerts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "spend_alert_deliveries_due" ON "spend_alert_deliveries" USING btree ("next_try_at");
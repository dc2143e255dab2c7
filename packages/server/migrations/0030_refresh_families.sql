ALTER TABLE "device_tokens" ADD COLUMN "renewed_from_hmac" text;--> statement-breakpoint
CREATE INDEX "device_tokens_renewed_from" ON "device_tokens" USING btree ("renewed_from_hmac");
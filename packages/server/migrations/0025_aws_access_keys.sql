ALTER TABLE "api_keys" ADD COLUMN "aws_access_key_id" text;--> statement-breakpoint
CREATE UNIQUE INDEX "api_keys_aws_access_key_id" ON "api_keys" USING btree ("aws_access_key_id");
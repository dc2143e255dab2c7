CREATE TABLE "usage_organization_days" (
	"series_id" bigint NOT NULL,
	"bucket" timestamp (3) with time zone NOT NULL,
	"requests" bigint NOT NULL,
	"input_tokens" bigint NOT NULL,
	"cache_read_tokens" bigint NOT NULL,
	"cache_write_5m_tokens" bigint NOT NULL,
	"cache_write_1h_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"web_searches" bigint NOT NULL,
	"input_nano_usd" bigint NOT NULL,
	"cache_read_nano_usd" bigint NOT NULL,
	"cache_write_5m_nano_usd" bigint NOT NULL,
	"cache_write_1h_nano_usd" bigint NOT NULL,
	"output_nano_usd" bigint NOT NULL,
	"web_search_nano_usd" bigint NOT NULL,
	"charged_nano_usd" bigint NOT NULL,
	CONSTRAINT "usage_organization_days_series_id_bucket_pk" PRIMARY KEY("series_id","bucket")
);
--> statement-breakpoint
CREATE TABLE "usage_organization_hours" (
	"series_id" bigint NOT NULL,
	"bucket" timestamp (3) with time zone NOT NULL,
	"requests" bigint NOT NULL,
	"input_tokens" bigint NOT NULL,
	"cache_read_tokens" bigint NOT NULL,
	"cache_write_5m_tokens" bigint NOT NULL,
	"cache_write_1h_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"web_searches" bigint NOT NULL,
	"input_nano_usd" bigint NOT NULL,
	"cache_read_nano_usd" bigint NOT NULL,
	"cache_write_5m_nano_usd" bigint NOT NULL,
	"cache_write_1h_nano_usd" bigint NOT NULL,
	"output_nano_usd" bigint NOT NULL,
	"web_search_nano_usd" bigint NOT NULL,
	"charged_nano_usd" bigint NOT NULL,
	CONSTRAINT "usage_organization_hours_series_id_bucket_pk" PRIMARY KEY("series_id","bucket")
);
--> statement-breakpoint
CREATE TABLE "usage_organization_minutes" (
	"series_id" bigint NOT NULL,
	"bucket" timestamp (3) with time zone NOT NULL,
	"requests" bigint NOT NULL,
	"input_tokens" bigint NOT NULL,
	"cache_read_tokens" bigint NOT NULL,
	"cache_write_5m_tokens" bigint NOT NULL,
	"cache_write_1h_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"web_searches" bigint NOT NULL,
	"input_nano_usd" bigint NOT NULL,
	"cache_read_nano_usd" bigint NOT NULL,
	"cache_write_5m_nano_usd" bigint NOT NULL,
	"cache_write_1h_nano_usd" bigint NOT NULL,
	"output_nano_usd" bigint NOT NULL,
	"web_search_nano_usd" bigint NOT NULL,
	"charged_nano_usd" bigint NOT NULL,
	CONSTRAINT "usage_organization_minutes_series_id_bucket_pk" PRIMARY KEY("series_id","bucket")
);
--> statement-breakpoint
CREATE TABLE "usage_organization_series" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "usage_organization_series_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"organization_id" text NOT NULL,
	"model" text NOT NULL,
	"service_tier" text NOT NULL,
	"inference_geo" text NOT NULL,
	"context_window" text NOT NULL,
	"product" text NOT NULL,
	CONSTRAINT "usage_organization_series_dimensions" UNIQUE("organization_id","model","service_tier","inference_geo","context_window","product")
);
--> statement-breakpoint
DROP INDEX "spend_holds_expiry";--> statement-breakpoint
ALTER TABLE "usage_organization_minutes" SET (fillfactor = 80);--> statement-breakpoint
ALTER TABLE "usage_organization_hours" SET (fillfactor = 80);--> statement-breakpoint
ALTER TABLE "usage_organization_days" SET (fillfactor = 80);--> statement-breakpoint
-- What is on the ledger already.
INSERT INTO usage_organization_series (organization_id, model, service_tier, inference_geo, context_window, product)
SELECT DISTINCT organization_id, model, service_tier, inference_geo, context_window, product FROM usage_series ORDER BY 1, 2, 3, 4, 5, 6;--> statement-breakpoint
INSERT INTO usage_organization_minutes (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
SELECT o.id, u.bucket, sum(u.requests), sum(u.input_tokens), sum(u.cache_read_tokens), sum(u.cache_write_5m_tokens), sum(u.cache_write_1h_tokens), sum(u.output_tokens), sum(u.web_searches), sum(u.input_nano_usd), sum(u.cache_read_nano_usd), sum(u.cache_write_5m_nano_usd), sum(u.cache_write_1h_nano_usd), sum(u.output_nano_usd), sum(u.web_search_nano_usd), sum(u.charged_nano_usd)
FROM usage_minutes u JOIN usage_series s ON s.id = u.series_id JOIN usage_organization_series o ON o.organization_id = s.organization_id AND o.model = s.model AND o.service_tier = s.service_tier AND o.inference_geo = s.inference_geo AND o.context_window = s.context_window AND o.product = s.product
GROUP BY 1, 2;--> statement-breakpoint
INSERT INTO usage_organization_hours (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
SELECT o.id, u.bucket, sum(u.requests), sum(u.input_tokens), sum(u.cache_read_tokens), sum(u.cache_write_5m_tokens), sum(u.cache_write_1h_tokens), sum(u.output_tokens), sum(u.web_searches), sum(u.input_nano_usd), sum(u.cache_read_nano_usd), sum(u.cache_write_5m_nano_usd), sum(u.cache_write_1h_nano_usd), sum(u.output_nano_usd), sum(u.web_search_nano_usd), sum(u.charged_nano_usd)
FROM usage_hours u JOIN usage_series s ON s.id = u.series_id JOIN usage_organization_series o ON o.organization_id = s.organization_id AND o.model = s.model AND o.service_tier = s.service_tier AND o.inference_geo = s.inference_geo AND o.context_window = s.context_window AND o.product = s.product
GROUP BY 1, 2;--> statement-breakpoint
INSERT INTO usage_organization_days (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
SELECT o.id, u.bucket, sum(u.requests), sum(u.input_tokens), sum(u.cache_read_tokens), sum(u.cache_write_5m_tokens), sum(u.cache_write_1h_tokens), sum(u.output_tokens), sum(u.web_searches), sum(u.input_nano_usd), sum(u.cache_read_nano_usd), sum(u.cache_write_5m_nano_usd), sum(u.cache_write_1h_nano_usd), sum(u.output_nano_usd), sum(u.web_search_nano_usd), sum(u.charged_nano_usd)
FROM usage_days u JOIN usage_series s ON s.id = u.series_id JOIN usage_organization_series o ON o.organization_id = s.organization_id AND o.model = s.model AND o.service_tier = s.service_tier AND o.inference_geo = s.inference_geo AND o.context_window = s.context_window AND o.product = s.product
GROUP BY 1, 2;--> statement-breakpoint
-- A batch's rows are added up once, by minute; hours, days and the organization's own sums are sums of that.
CREATE OR REPLACE FUNCTION record_turns(input json) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	batch turn_records[];
	fresh text[];
BEGIN
	IF current_setting('synchronous_commit') = 'off' THEN
		PERFORM set_config('synchronous_commit', 'on', true);
	END IF;
	batch := ARRAY(
		SELECT DISTINCT ON (each ->> 'request_id') json_populate_record(NULL::turn_records, each)
		FROM json_array_elements(input) WITH ORDINALITY AS given(each, place)
		ORDER BY each ->> 'request_id', place);
	PERFORM ensure_turn_partition(month)
	FROM (SELECT DISTINCT date_trunc('month', b.started_at AT TIME ZONE 'UTC') AS month FROM unnest(batch) b) months;
	WITH inserted AS (
		INSERT INTO turn_requests (request_id, started_at)
		SELECT b.request_id, b.started_at FROM unnest(batch) b ORDER BY b.request_id
		ON CONFLICT (request_id) DO NOTHING RETURNING request_id)
	SELECT array_agg(request_id) INTO fresh FROM inserted;
	IF fresh IS NULL THEN
		RETURN 0;
	END IF;
	IF cardinality(fresh) < cardinality(batch) THEN
		batch := ARRAY(SELECT b FROM unnest(batch) b WHERE b.request_id = ANY (fresh));
	END IF;
	INSERT INTO turn_records (request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, outcome, service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at, inference_geo, context_window, product, session_id, web_searches, price_reference, cost_nano_usd, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, is_charged, user_id, auth_ms, read_ms, limits_ms, cache_miss_reason, missed_input_tokens)
	SELECT request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, outcome, service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at, inference_geo, context_window, product, session_id, web_searches, price_reference, cost_nano_usd, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, is_charged, user_id, auth_ms, read_ms, limits_ms, cache_miss_reason, missed_input_tokens
	FROM unnest(batch);
	INSERT INTO claude_code_sessions (organization_id, day, api_key_id, session_id)
	SELECT DISTINCT b.organization_id, date_trunc('day', b.started_at, 'UTC'), b.api_key_id, b.session_id
	FROM unnest(batch) b WHERE b.product = 'claude_code' AND b.session_id IS NOT NULL
	ORDER BY 1, 2, 3, 4
	ON CONFLICT DO NOTHING;
	WITH given AS MATERIALIZED (SELECT DISTINCT b.organization_id, b.workspace_id, b.api_key_id, b.model, b.service_tier, b.inference_geo, b.context_window, b.product FROM unnest(batch) b),
	organizations AS (
		INSERT INTO usage_organization_series (organization_id, model, service_tier, inference_geo, context_window, product)
		SELECT DISTINCT given.organization_id, given.model, given.service_tier, given.inference_geo, given.context_window, given.product FROM given
		WHERE NOT EXISTS (SELECT FROM usage_organization_series s WHERE s.organization_id = given.organization_id AND s.model = given.model AND s.service_tier = given.service_tier AND s.inference_geo = given.inference_geo AND s.context_window = given.context_window AND s.product = given.product)
		ORDER BY 1, 2, 3, 4, 5, 6
		ON CONFLICT DO NOTHING)
	INSERT INTO usage_series (organization_id, workspace_id, api_key_id, model, service_tier, inference_geo, context_window, product)
	SELECT given.organization_id, given.workspace_id, given.api_key_id, given.model, given.service_tier, given.inference_geo, given.context_window, given.product FROM given
	WHERE NOT EXISTS (SELECT FROM usage_series s WHERE s.organization_id = given.organization_id AND s.workspace_id = given.workspace_id AND s.api_key_id = given.api_key_id AND s.model = given.model AND s.service_tier = given.service_tier AND s.inference_geo = given.inference_geo AND s.context_window = given.context_window AND s.product = given.product)
	ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
	ON CONFLICT DO NOTHING;
	WITH given AS MATERIALIZED (
		SELECT b.organization_id, b.workspace_id, b.api_key_id, b.model, b.service_tier, b.inference_geo, b.context_window, b.product, date_trunc('minute', b.started_at, 'UTC') AS bucket, count(*) AS requests, sum(b.input_tokens) AS input_tokens, sum(b.cache_read_tokens) AS cache_read_tokens, sum(b.cache_write_5m_tokens) AS cache_write_5m_tokens, sum(b.cache_write_1h_tokens) AS cache_write_1h_tokens, sum(b.output_tokens) AS output_tokens, sum(b.web_searches) AS web_searches, sum(b.input_nano_usd) AS input_nano_usd, sum(b.cache_read_nano_usd) AS cache_read_nano_usd, sum(b.cache_write_5m_nano_usd) AS cache_write_5m_nano_usd, sum(b.cache_write_1h_nano_usd) AS cache_write_1h_nano_usd, sum(b.output_nano_usd) AS output_nano_usd, sum(b.web_search_nano_usd) AS web_search_nano_usd,
			coalesce(sum(b.cost_nano_usd) FILTER (WHERE b.is_charged), 0) AS charged_nano_usd
		FROM unnest(batch) b GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9),
	summed AS MATERIALIZED (
		SELECT s.id AS series_id, given.bucket, given.requests, given.input_tokens, given.cache_read_tokens, given.cache_write_5m_tokens, given.cache_write_1h_tokens, given.output_tokens, given.web_searches, given.input_nano_usd, given.cache_read_nano_usd, given.cache_write_5m_nano_usd, given.cache_write_1h_nano_usd, given.output_nano_usd, given.web_search_nano_usd, given.charged_nano_usd
		FROM given JOIN usage_series s ON s.organization_id = given.organization_id AND s.workspace_id = given.workspace_id AND s.api_key_id = given.api_key_id AND s.model = given.model AND s.service_tier = given.service_tier AND s.inference_geo = given.inference_geo AND s.context_window = given.context_window AND s.product = given.product),
	of_organization AS MATERIALIZED (
		SELECT s.id AS series_id, given.bucket, sum(given.requests) AS requests, sum(given.input_tokens) AS input_tokens, sum(given.cache_read_tokens) AS cache_read_tokens, sum(given.cache_write_5m_tokens) AS cache_write_5m_tokens, sum(given.cache_write_1h_tokens) AS cache_write_1h_tokens, sum(given.output_tokens) AS output_tokens, sum(given.web_searches) AS web_searches, sum(given.input_nano_usd) AS input_nano_usd, sum(given.cache_read_nano_usd) AS cache_read_nano_usd, sum(given.cache_write_5m_nano_usd) AS cache_write_5m_nano_usd, sum(given.cache_write_1h_nano_usd) AS cache_write_1h_nano_usd, sum(given.output_nano_usd) AS output_nano_usd, sum(given.web_search_nano_usd) AS web_search_nano_usd, sum(given.charged_nano_usd) AS charged_nano_usd
		FROM given JOIN usage_organization_series s ON s.organization_id = given.organization_id AND s.model = given.model AND s.service_tier = given.service_tier AND s.inference_geo = given.inference_geo AND s.context_window = given.context_window AND s.product = given.product GROUP BY 1, 2),
	minutes AS (
		INSERT INTO usage_minutes AS kept (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
		SELECT series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd FROM summed ORDER BY 1, 2
		ON CONFLICT (series_id, bucket) DO UPDATE SET requests = kept.requests + excluded.requests, input_tokens = kept.input_tokens + excluded.input_tokens, cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens, cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens, cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens, output_tokens = kept.output_tokens + excluded.output_tokens, web_searches = kept.web_searches + excluded.web_searches, input_nano_usd = kept.input_nano_usd + excluded.input_nano_usd, cache_read_nano_usd = kept.cache_read_nano_usd + excluded.cache_read_nano_usd, cache_write_5m_nano_usd = kept.cache_write_5m_nano_usd + excluded.cache_write_5m_nano_usd, cache_write_1h_nano_usd = kept.cache_write_1h_nano_usd + excluded.cache_write_1h_nano_usd, output_nano_usd = kept.output_nano_usd + excluded.output_nano_usd, web_search_nano_usd = kept.web_search_nano_usd + excluded.web_search_nano_usd, charged_nano_usd = kept.charged_nano_usd + excluded.charged_nano_usd),
	hours AS (
		INSERT INTO usage_hours AS kept (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
		SELECT series_id, date_trunc('hour', bucket, 'UTC'), sum(requests), sum(input_tokens), sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(output_tokens), sum(web_searches), sum(input_nano_usd), sum(cache_read_nano_usd), sum(cache_write_5m_nano_usd), sum(cache_write_1h_nano_usd), sum(output_nano_usd), sum(web_search_nano_usd), sum(charged_nano_usd) FROM summed GROUP BY 1, 2 ORDER BY 1, 2
		ON CONFLICT (series_id, bucket) DO UPDATE SET requests = kept.requests + excluded.requests, input_tokens = kept.input_tokens + excluded.input_tokens, cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens, cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens, cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens, output_tokens = kept.output_tokens + excluded.output_tokens, web_searches = kept.web_searches + excluded.web_searches, input_nano_usd = kept.input_nano_usd + excluded.input_nano_usd, cache_read_nano_usd = kept.cache_read_nano_usd + excluded.cache_read_nano_usd, cache_write_5m_nano_usd = kept.cache_write_5m_nano_usd + excluded.cache_write_5m_nano_usd, cache_write_1h_nano_usd = kept.cache_write_1h_nano_usd + excluded.cache_write_1h_nano_usd, output_nano_usd = kept.output_nano_usd + excluded.output_nano_usd, web_search_nano_usd = kept.web_search_nano_usd + excluded.web_search_nano_usd, charged_nano_usd = kept.charged_nano_usd + excluded.charged_nano_usd),
	days AS (
		INSERT INTO usage_days AS kept (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
		SELECT series_id, date_trunc('day', bucket, 'UTC'), sum(requests), sum(input_tokens), sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(output_tokens), sum(web_searches), sum(input_nano_usd), sum(cache_read_nano_usd), sum(cache_write_5m_nano_usd), sum(cache_write_1h_nano_usd), sum(output_nano_usd), sum(web_search_nano_usd), sum(charged_nano_usd) FROM summed GROUP BY 1, 2 ORDER BY 1, 2
		ON CONFLICT (series_id, bucket) DO UPDATE SET requests = kept.requests + excluded.requests, input_tokens = kept.input_tokens + excluded.input_tokens, cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens, cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens, cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens, output_tokens = kept.output_tokens + excluded.output_tokens, web_searches = kept.web_searches + excluded.web_searches, input_nano_usd = kept.input_nano_usd + excluded.input_nano_usd, cache_read_nano_usd = kept.cache_read_nano_usd + excluded.cache_read_nano_usd, cache_write_5m_nano_usd = kept.cache_write_5m_nano_usd + excluded.cache_write_5m_nano_usd, cache_write_1h_nano_usd = kept.cache_write_1h_nano_usd + excluded.cache_write_1h_nano_usd, output_nano_usd = kept.output_nano_usd + excluded.output_nano_usd, web_search_nano_usd = kept.web_search_nano_usd + excluded.web_search_nano_usd, charged_nano_usd = kept.charged_nano_usd + excluded.charged_nano_usd),
	organization_minutes AS (
		INSERT INTO usage_organization_minutes AS kept (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
		SELECT series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd FROM of_organization ORDER BY 1, 2
		ON CONFLICT (series_id, bucket) DO UPDATE SET requests = kept.requests + excluded.requests, input_tokens = kept.input_tokens + excluded.input_tokens, cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens, cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens, cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens, output_tokens = kept.output_tokens + excluded.output_tokens, web_searches = kept.web_searches + excluded.web_searches, input_nano_usd = kept.input_nano_usd + excluded.input_nano_usd, cache_read_nano_usd = kept.cache_read_nano_usd + excluded.cache_read_nano_usd, cache_write_5m_nano_usd = kept.cache_write_5m_nano_usd + excluded.cache_write_5m_nano_usd, cache_write_1h_nano_usd = kept.cache_write_1h_nano_usd + excluded.cache_write_1h_nano_usd, output_nano_usd = kept.output_nano_usd + excluded.output_nano_usd, web_search_nano_usd = kept.web_search_nano_usd + excluded.web_search_nano_usd, charged_nano_usd = kept.charged_nano_usd + excluded.charged_nano_usd),
	organization_hours AS (
		INSERT INTO usage_organization_hours AS kept (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
		SELECT series_id, date_trunc('hour', bucket, 'UTC'), sum(requests), sum(input_tokens), sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(output_tokens), sum(web_searches), sum(input_nano_usd), sum(cache_read_nano_usd), sum(cache_write_5m_nano_usd), sum(cache_write_1h_nano_usd), sum(output_nano_usd), sum(web_search_nano_usd), sum(charged_nano_usd) FROM of_organization GROUP BY 1, 2 ORDER BY 1, 2
		ON CONFLICT (series_id, bucket) DO UPDATE SET requests = kept.requests + excluded.requests, input_tokens = kept.input_tokens + excluded.input_tokens, cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens, cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens, cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens, output_tokens = kept.output_tokens + excluded.output_tokens, web_searches = kept.web_searches + excluded.web_searches, input_nano_usd = kept.input_nano_usd + excluded.input_nano_usd, cache_read_nano_usd = kept.cache_read_nano_usd + excluded.cache_read_nano_usd, cache_write_5m_nano_usd = kept.cache_write_5m_nano_usd + excluded.cache_write_5m_nano_usd, cache_write_1h_nano_usd = kept.cache_write_1h_nano_usd + excluded.cache_write_1h_nano_usd, output_nano_usd = kept.output_nano_usd + excluded.output_nano_usd, web_search_nano_usd = kept.web_search_nano_usd + excluded.web_search_nano_usd, charged_nano_usd = kept.charged_nano_usd + excluded.charged_nano_usd)
	INSERT INTO usage_organization_days AS kept (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
	SELECT series_id, date_trunc('day', bucket, 'UTC'), sum(requests), sum(input_tokens), sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens), sum(output_tokens), sum(web_searches), sum(input_nano_usd), sum(cache_read_nano_usd), sum(cache_write_5m_nano_usd), sum(cache_write_1h_nano_usd), sum(output_nano_usd), sum(web_search_nano_usd), sum(charged_nano_usd) FROM of_organization GROUP BY 1, 2 ORDER BY 1, 2
	ON CONFLICT (series_id, bucket) DO UPDATE SET requests = kept.requests + excluded.requests, input_tokens = kept.input_tokens + excluded.input_tokens, cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens, cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens, cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens, output_tokens = kept.output_tokens + excluded.output_tokens, web_searches = kept.web_searches + excluded.web_searches, input_nano_usd = kept.input_nano_usd + excluded.input_nano_usd, cache_read_nano_usd = kept.cache_read_nano_usd + excluded.cache_read_nano_usd, cache_write_5m_nano_usd = kept.cache_write_5m_nano_usd + excluded.cache_write_5m_nano_usd, cache_write_1h_nano_usd = kept.cache_write_1h_nano_usd + excluded.cache_write_1h_nano_usd, output_nano_usd = kept.output_nano_usd + excluded.output_nano_usd, web_search_nano_usd = kept.web_search_nano_usd + excluded.web_search_nano_usd, charged_nano_usd = kept.charged_nano_usd + excluded.charged_nano_usd;
	PERFORM settle_spend(batch);
	RETURN cardinality(fresh);
END
$$;--> statement-breakpoint
-- Turns that begin together mostly all fit: then they are held together, with four statements for any number of them instead of
-- five for each. What fits as a whole fits one by one; where it does not, each is looked at in its order as before.
CREATE OR REPLACE FUNCTION hold_spend(input json, is_prepaid boolean, held_by text, lapse_ms bigint)
RETURNS TABLE (request_id text, refused_by text, refused_period text, regain_at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	asked spend_holds[];
	wanted spend_holds;
	hit record;
	fits boolean;
BEGIN
	-- A hold need not survive a crash of the database: its turn's row does, and is charged.
	PERFORM set_config('synchronous_commit', 'off', true);
	asked := ARRAY(
		SELECT ROW(w.request_id, w.organization_id, w.workspace_id, w.api_key_id, w.user_id, w.amount, held_by,
			clock_timestamp() + lapse_ms * interval '1 millisecond')::spend_holds
		FROM ROWS FROM (json_to_recordset(input) AS (request_id text, organization_id text, workspace_id text, api_key_id text, user_id text, amount bigint))
			WITH ORDINALITY AS w(request_id, organization_id, workspace_id, api_key_id, user_id, amount, place)
		ORDER BY w.place);
	PERFORM 1 FROM spend_accounts WHERE organization_id IN (SELECT a.organization_id FROM unnest(asked) a) ORDER BY organization_id FOR UPDATE;
	WITH scopes AS MATERIALIZED (
		SELECT a.organization_id, scope.type, scope.id, sum(a.amount_nano_usd) AS amount
		FROM unnest(asked) a CROSS JOIN LATERAL (VALUES ('organization', a.organization_id), ('workspace', a.workspace_id), ('api_key', a.api_key_id), ('user', a.user_id)) AS scope(type, id)
		WHERE scope.id IS NOT NULL GROUP BY 1, 2, 3)
	SELECT NOT EXISTS (
			SELECT FROM spend_limits l JOIN scopes s ON s.organization_id = l.organization_id
				AND s.type = CASE l.scope_type WHEN 'usage_tier' THEN 'organization' ELSE l.scope_type END AND s.id = l.scope_id
			WHERE l.amount_nano_usd < s.amount + spent_in_period(l.organization_id, l.scope_type, l.scope_id, l.period)
				+ coalesce((SELECT k.held_nano_usd FROM spend_scopes k WHERE k.organization_id = l.organization_id AND k.scope_type = s.type AND k.scope_id = s.id), 0))
		AND NOT (is_prepaid AND EXISTS (SELECT FROM scopes s WHERE s.type = 'organization' AND credit_balance(s.organization_id) < s.amount))
	INTO fits;
	IF fits THEN
		-- A repeated statement finds its first try.
		WITH held AS (INSERT INTO spend_holds SELECT * FROM unnest(asked) ON CONFLICT (request_id) DO NOTHING RETURNING *)
		INSERT INTO spend_scopes AS s (organization_id, scope_type, scope_id, held_nano_usd)
		SELECT h.organization_id, scope.type, scope.id, sum(h.amount_nano_usd)
		FROM held h CROSS JOIN LATERAL (VALUES ('organization', h.organization_id), ('workspace', h.workspace_id), ('api_key', h.api_key_id), ('user', h.user_id)) AS scope(type, id)
		WHERE scope.id IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
		ON CONFLICT (organization_id, scope_type, scope_id) DO UPDATE SET held_nano_usd = s.held_nano_usd + excluded.held_nano_usd;
		RETURN QUERY SELECT a.request_id, NULL::text, NULL::text, NULL::timestamptz FROM unnest(asked) WITH ORDINALITY a ORDER BY a.ordinality;
		RETURN;
	END IF;
	FOREACH wanted IN ARRAY asked LOOP
		request_id := wanted.request_id;
		refused_by := NULL;
		refused_period := NULL;
		regain_at := NULL;
		IF NOT EXISTS (SELECT FROM spend_holds h WHERE h.request_id = wanted.request_id) THEN
			SELECT l.scope_type, l.period INTO hit FROM spend_limits l
			WHERE l.organization_id = wanted.organization_id AND l.amount_nano_usd IS NOT NULL
				AND (l.scope_type IN ('organization', 'usage_tier')
					OR (l.scope_type = 'workspace' AND l.scope_id = wanted.workspace_id)
					OR (l.scope_type = 'api_key' AND l.scope_id = wanted.api_key_id)
					OR (l.scope_type = 'user' AND l.scope_id = wanted.user_id))
				AND l.amount_nano_usd < wanted.amount_nano_usd
					+ spent_in_period(l.organization_id, l.scope_type, l.scope_id, l.period)
					+ coalesce((SELECT s.held_nano_usd FROM spend_scopes s WHERE s.organization_id = l.organization_id
						AND s.scope_type = CASE l.scope_type WHEN 'usage_tier' THEN 'organization' ELSE l.scope_type END
						AND s.scope_id = l.scope_id), 0)
			ORDER BY l.scope_type = 'usage_tier' DESC, spend_period_start(l.period), l.scope_type LIMIT 1;
			IF FOUND THEN
				refused_by := hit.scope_type;
				refused_period := hit.period;
				regain_at := spend_period_start(hit.period)
					+ CASE hit.period WHEN 'daily' THEN interval '1 day' WHEN 'weekly' THEN interval '7 days' ELSE interval '1 month' END;
			ELSIF is_prepaid AND credit_balance(wanted.organization_id) < wanted.amount_nano_usd THEN
				refused_by := 'credits';
			ELSE
				INSERT INTO spend_holds SELECT wanted.*;
				INSERT INTO spend_scopes AS s (organization_id, scope_type, scope_id, held_nano_usd)
				SELECT wanted.organization_id, scope.type, scope.id, wanted.amount_nano_usd
				FROM (VALUES ('organization', wanted.organization_id), ('workspace', wanted.workspace_id), ('api_key', wanted.api_key_id), ('user', wanted.user_id)) AS scope(type, id)
				WHERE scope.id IS NOT NULL
				ON CONFLICT (organization_id, scope_type, scope_id) DO UPDATE SET held_nano_usd = s.held_nano_usd + excluded.held_nano_usd;
			END IF;
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;

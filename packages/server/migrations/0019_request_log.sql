CREATE TABLE "request_failures" (
	"request_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"api_key_id" text NOT NULL,
	"user_id" text,
	"model" text,
	"status" integer NOT NULL,
	"error_type" text NOT NULL,
	"error_message" text,
	"duration_ms" double precision NOT NULL,
	"auth_ms" double precision,
	"started_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "turn_records" ADD COLUMN "auth_ms" double precision;--> statement-breakpoint
ALTER TABLE "turn_records" ADD COLUMN "read_ms" double precision;--> statement-breakpoint
ALTER TABLE "turn_records" ADD COLUMN "limits_ms" double precision;--> statement-breakpoint
ALTER TABLE "turn_records" ADD COLUMN "cache_miss_reason" text;--> statement-breakpoint
ALTER TABLE "turn_records" ADD COLUMN "missed_input_tokens" bigint;--> statement-breakpoint
CREATE INDEX "request_failures_organization_started" ON "request_failures" USING btree ("organization_id","started_at","request_id");--> statement-breakpoint
CREATE INDEX "request_failures_started" ON "request_failures" USING btree ("started_at");--> statement-breakpoint
CREATE INDEX "turn_records_organization_started" ON "turn_records" USING btree ("organization_id","started_at","request_id");--> statement-breakpoint
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
	INSERT INTO usage_series (organization_id, workspace_id, api_key_id, model, service_tier, inference_geo, context_window, product)
	SELECT DISTINCT b.organization_id, b.workspace_id, b.api_key_id, b.model, b.service_tier, b.inference_geo, b.context_window, b.product FROM unnest(batch) b
	WHERE NOT EXISTS (SELECT FROM usage_series s WHERE s.organization_id = b.organization_id AND s.workspace_id = b.workspace_id AND s.api_key_id = b.api_key_id AND s.model = b.model AND s.service_tier = b.service_tier AND s.inference_geo = b.inference_geo AND s.context_window = b.context_window AND s.product = b.product)
	ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
	ON CONFLICT DO NOTHING;
	INSERT INTO usage_minutes AS kept (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
	SELECT s.id, date_trunc('minute', b.started_at, 'UTC'), count(*), sum(b.input_tokens), sum(b.cache_read_tokens), sum(b.cache_write_5m_tokens), sum(b.cache_write_1h_tokens), sum(b.output_tokens), sum(b.web_searches), sum(b.input_nano_usd), sum(b.cache_read_nano_usd), sum(b.cache_write_5m_nano_usd), sum(b.cache_write_1h_nano_usd), sum(b.output_nano_usd), sum(b.web_search_nano_usd),
		coalesce(sum(b.cost_nano_usd) FILTER (WHERE b.is_charged), 0)
	FROM unnest(batch) b JOIN usage_series s ON s.organization_id = b.organization_id AND s.workspace_id = b.workspace_id AND s.api_key_id = b.api_key_id AND s.model = b.model AND s.service_tier = b.service_tier AND s.inference_geo = b.inference_geo AND s.context_window = b.context_window AND s.product = b.product
	GROUP BY 1, 2 ORDER BY 1, 2
	ON CONFLICT (series_id, bucket) DO UPDATE SET requests = kept.requests + excluded.requests, input_tokens = kept.input_tokens + excluded.input_tokens, cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens, cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens, cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens, output_tokens = kept.output_tokens + excluded.output_tokens, web_searches = kept.web_searches + excluded.web_searches, input_nano_usd = kept.input_nano_usd + excluded.input_nano_usd, cache_read_nano_usd = kept.cache_read_nano_usd + excluded.cache_read_nano_usd, cache_write_5m_nano_usd = kept.cache_write_5m_nano_usd + excluded.cache_write_5m_nano_usd, cache_write_1h_nano_usd = kept.cache_write_1h_nano_usd + excluded.cache_write_1h_nano_usd, output_nano_usd = kept.output_nano_usd + excluded.output_nano_usd, web_search_nano_usd = kept.web_search_nano_usd + excluded.web_search_nano_usd, charged_nano_usd = kept.charged_nano_usd + excluded.charged_nano_usd;
	INSERT INTO usage_hours AS kept (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
	SELECT s.id, date_trunc('hour', b.started_at, 'UTC'), count(*), sum(b.input_tokens), sum(b.cache_read_tokens), sum(b.cache_write_5m_tokens), sum(b.cache_write_1h_tokens), sum(b.output_tokens), sum(b.web_searches), sum(b.input_nano_usd), sum(b.cache_read_nano_usd), sum(b.cache_write_5m_nano_usd), sum(b.cache_write_1h_nano_usd), sum(b.output_nano_usd), sum(b.web_search_nano_usd),
		coalesce(sum(b.cost_nano_usd) FILTER (WHERE b.is_charged), 0)
	FROM unnest(batch) b JOIN usage_series s ON s.organization_id = b.organization_id AND s.workspace_id = b.workspace_id AND s.api_key_id = b.api_key_id AND s.model = b.model AND s.service_tier = b.service_tier AND s.inference_geo = b.inference_geo AND s.context_window = b.context_window AND s.product = b.product
	GROUP BY 1, 2 ORDER BY 1, 2
	ON CONFLICT (series_id, bucket) DO UPDATE SET requests = kept.requests + excluded.requests, input_tokens = kept.input_tokens + excluded.input_tokens, cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens, cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens, cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens, output_tokens = kept.output_tokens + excluded.output_tokens, web_searches = kept.web_searches + excluded.web_searches, input_nano_usd = kept.input_nano_usd + excluded.input_nano_usd, cache_read_nano_usd = kept.cache_read_nano_usd + excluded.cache_read_nano_usd, cache_write_5m_nano_usd = kept.cache_write_5m_nano_usd + excluded.cache_write_5m_nano_usd, cache_write_1h_nano_usd = kept.cache_write_1h_nano_usd + excluded.cache_write_1h_nano_usd, output_nano_usd = kept.output_nano_usd + excluded.output_nano_usd, web_search_nano_usd = kept.web_search_nano_usd + excluded.web_search_nano_usd, charged_nano_usd = kept.charged_nano_usd + excluded.charged_nano_usd;
	INSERT INTO usage_days AS kept (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
	SELECT s.id, date_trunc('day', b.started_at, 'UTC'), count(*), sum(b.input_tokens), sum(b.cache_read_tokens), sum(b.cache_write_5m_tokens), sum(b.cache_write_1h_tokens), sum(b.output_tokens), sum(b.web_searches), sum(b.input_nano_usd), sum(b.cache_read_nano_usd), sum(b.cache_write_5m_nano_usd), sum(b.cache_write_1h_nano_usd), sum(b.output_nano_usd), sum(b.web_search_nano_usd),
		coalesce(sum(b.cost_nano_usd) FILTER (WHERE b.is_charged), 0)
	FROM unnest(batch) b JOIN usage_series s ON s.organization_id = b.organization_id AND s.workspace_id = b.workspace_id AND s.api_key_id = b.api_key_id AND s.model = b.model AND s.service_tier = b.service_tier AND s.inference_geo = b.inference_geo AND s.context_window = b.context_window AND s.product = b.product
	GROUP BY 1, 2 ORDER BY 1, 2
	ON CONFLICT (series_id, bucket) DO UPDATE SET requests = kept.requests + excluded.requests, input_tokens = kept.input_tokens + excluded.input_tokens, cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens, cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens, cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens, output_tokens = kept.output_tokens + excluded.output_tokens, web_searches = kept.web_searches + excluded.web_searches, input_nano_usd = kept.input_nano_usd + excluded.input_nano_usd, cache_read_nano_usd = kept.cache_read_nano_usd + excluded.cache_read_nano_usd, cache_write_5m_nano_usd = kept.cache_write_5m_nano_usd + excluded.cache_write_5m_nano_usd, cache_write_1h_nano_usd = kept.cache_write_1h_nano_usd + excluded.cache_write_1h_nano_usd, output_nano_usd = kept.output_nano_usd + excluded.output_nano_usd, web_search_nano_usd = kept.web_search_nano_usd + excluded.web_search_nano_usd, charged_nano_usd = kept.charged_nano_usd + excluded.charged_nano_usd;
	PERFORM settle_spend(batch);
	RETURN cardinality(fresh);
END
$$;

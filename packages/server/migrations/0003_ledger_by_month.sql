CREATE TABLE "claude_code_sessions" (
	"organization_id" text NOT NULL,
	"day" timestamp (3) with time zone NOT NULL,
	"api_key_id" text NOT NULL,
	"session_id" text NOT NULL,
	CONSTRAINT "claude_code_sessions_organization_id_day_api_key_id_session_id_pk" PRIMARY KEY("organization_id","day","api_key_id","session_id")
);
--> statement-breakpoint
CREATE TABLE "turn_requests" (
	"request_id" text PRIMARY KEY NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_days" (
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
	CONSTRAINT "usage_days_series_id_bucket_pk" PRIMARY KEY("series_id","bucket")
);
--> statement-breakpoint
CREATE TABLE "usage_hours" (
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
	CONSTRAINT "usage_hours_series_id_bucket_pk" PRIMARY KEY("series_id","bucket")
);
--> statement-breakpoint
CREATE TABLE "usage_minutes" (
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
	CONSTRAINT "usage_minutes_series_id_bucket_pk" PRIMARY KEY("series_id","bucket")
);
--> statement-breakpoint
CREATE TABLE "usage_series" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "usage_series_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"organization_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"api_key_id" text NOT NULL,
	"model" text NOT NULL,
	"service_tier" text NOT NULL,
	"inference_geo" text NOT NULL,
	"context_window" text NOT NULL,
	"product" text NOT NULL,
	CONSTRAINT "usage_series_dimensions" UNIQUE("organization_id","workspace_id","api_key_id","model","service_tier","inference_geo","context_window","product")
);
--> statement-breakpoint
-- The ledger by month. A partitioned table's unique index must contain the partition key, so a request id is kept unique by a
-- table of its own; record_turns writes both, and the rollups, in one transaction. Rows that are there already are moved.
ALTER TABLE "turn_records" RENAME TO "turn_records_whole";--> statement-breakpoint
DROP TRIGGER turn_records_append_only ON "turn_records_whole";--> statement-breakpoint
ALTER INDEX "turn_records_workspace_started" RENAME TO "turn_records_whole_workspace_started";--> statement-breakpoint
ALTER TABLE "turn_records_whole" RENAME CONSTRAINT "turn_records_pkey" TO "turn_records_whole_pkey";--> statement-breakpoint
CREATE SEQUENCE "turn_records_number_seq";--> statement-breakpoint
CREATE TABLE "turn_records" (
	"sequence" bigint NOT NULL DEFAULT nextval('turn_records_number_seq'),
	"request_id" text NOT NULL,
	"organization_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"api_key_id" text NOT NULL,
	"message_id" text NOT NULL,
	"model" text NOT NULL,
	"weights" text NOT NULL,
	"input_tokens" bigint NOT NULL,
	"cache_read_tokens" bigint NOT NULL,
	"cache_write_5m_tokens" bigint NOT NULL,
	"cache_write_1h_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"thinking_tokens" bigint NOT NULL,
	"stop_reason" text,
	"outcome" text,
	"service_tier" text NOT NULL,
	"render_ms" double precision NOT NULL,
	"queue_ms" double precision NOT NULL,
	"restore_ms" double precision NOT NULL,
	"prefill_ms" double precision NOT NULL,
	"decode_ms" double precision NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"recorded_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"inference_geo" text NOT NULL,
	"context_window" text NOT NULL,
	"product" text NOT NULL,
	"session_id" text,
	"web_searches" bigint NOT NULL,
	"price_reference" text NOT NULL,
	"cost_nano_usd" bigint NOT NULL,
	"input_nano_usd" bigint NOT NULL,
	"cache_read_nano_usd" bigint NOT NULL,
	"cache_write_5m_nano_usd" bigint NOT NULL,
	"cache_write_1h_nano_usd" bigint NOT NULL,
	"output_nano_usd" bigint NOT NULL,
	"web_search_nano_usd" bigint NOT NULL,
	"is_charged" boolean NOT NULL,
	CONSTRAINT "turn_records_sequence_started_at_pk" PRIMARY KEY("sequence","started_at"),
	CONSTRAINT "turn_records_cost" CHECK (cost_nano_usd = input_nano_usd + cache_read_nano_usd + cache_write_5m_nano_usd
		+ cache_write_1h_nano_usd + output_nano_usd + web_search_nano_usd AND cost_nano_usd >= 0)
) PARTITION BY RANGE ("started_at");--> statement-breakpoint
ALTER SEQUENCE "turn_records_number_seq" OWNED BY "turn_records"."sequence";--> statement-breakpoint
CREATE INDEX "turn_records_workspace_started" ON "turn_records" USING btree ("workspace_id","started_at");--> statement-breakpoint
CREATE TRIGGER turn_records_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "turn_records"
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_turn_record_change();--> statement-breakpoint
-- Pages keep room, so that a rollup's row grows where it stands.
ALTER TABLE "usage_minutes" SET (fillfactor = 80);--> statement-breakpoint
ALTER TABLE "usage_hours" SET (fillfactor = 80);--> statement-breakpoint
ALTER TABLE "usage_days" SET (fillfactor = 80);--> statement-breakpoint
CREATE FUNCTION ensure_turn_partition(month timestamp) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	partition_name text := format('turn_records_%s', to_char(month, '"y"YYYY"m"MM'));
BEGIN
	IF to_regclass(partition_name) IS NOT NULL THEN
		RETURN;
	END IF;
	-- Of several that find it missing one makes it; nobody holds a lock on the ledger yet.
	PERFORM pg_advisory_xact_lock(hashtext('ensure_turn_partition'));
	IF to_regclass(partition_name) IS NOT NULL THEN
		RETURN;
	END IF;
	EXECUTE format('CREATE TABLE %I PARTITION OF turn_records FOR VALUES FROM (%L) TO (%L)', partition_name,
		month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
	-- A statement's trigger of the parent does not see what is done to a partition by its name.
	EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
		FOR EACH STATEMENT EXECUTE FUNCTION refuse_turn_record_change()', partition_name || '_append_only', partition_name);
END
$$;--> statement-breakpoint
CREATE FUNCTION ensure_turn_partitions_ahead(months integer) RETURNS void LANGUAGE sql AS $$
	SELECT ensure_turn_partition(date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead))
	FROM generate_series(0, months) ahead
$$;--> statement-breakpoint
-- Records the rows whose request ids are new, with their sums, and says how many they were. Locks are taken in the order of
-- keys, so that two that record at once never wait for each other in a circle.
CREATE FUNCTION record_turns(input json) RETURNS integer LANGUAGE plpgsql AS $$
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
	INSERT INTO turn_records (request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, outcome, service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at, inference_geo, context_window, product, session_id, web_searches, price_reference, cost_nano_usd, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, is_charged)
	SELECT request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, outcome, service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at, inference_geo, context_window, product, session_id, web_searches, price_reference, cost_nano_usd, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, is_charged
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
	RETURN cardinality(fresh);
END
$$;--> statement-breakpoint
SELECT ensure_turn_partition(month)
FROM (SELECT DISTINCT date_trunc('month', started_at AT TIME ZONE 'UTC') AS month FROM turn_records_whole) months;--> statement-breakpoint
SELECT ensure_turn_partitions_ahead(3);--> statement-breakpoint
INSERT INTO turn_requests (request_id, started_at) SELECT request_id, started_at FROM turn_records_whole;--> statement-breakpoint
-- What ran before there were prices keeps no cost.
INSERT INTO turn_records (sequence, request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, outcome, service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at, recorded_at, inference_geo, context_window, product, session_id, web_searches, price_reference, cost_nano_usd, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, is_charged)
SELECT sequence, request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, outcome, service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at, recorded_at, 'not_available',
	CASE WHEN input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens > 200000 THEN '200k-1M' ELSE '0-200k' END,
	CASE WHEN service_tier = 'batch' THEN 'message_batches_api' ELSE 'messages_api' END,
	NULL, 0, 'unpriced', 0, 0, 0, 0, 0, 0, 0, false
FROM turn_records_whole ORDER BY sequence;--> statement-breakpoint
SELECT setval('turn_records_number_seq', (SELECT coalesce(max(sequence), 0) + 1 FROM turn_records_whole), false);--> statement-breakpoint
DROP TABLE turn_records_whole;--> statement-breakpoint
INSERT INTO usage_series (organization_id, workspace_id, api_key_id, model, service_tier, inference_geo, context_window, product)
SELECT DISTINCT organization_id, workspace_id, api_key_id, model, service_tier, inference_geo, context_window, product FROM turn_records;--> statement-breakpoint
INSERT INTO usage_minutes AS kept (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
	SELECT s.id, date_trunc('minute', b.started_at, 'UTC'), count(*), sum(b.input_tokens), sum(b.cache_read_tokens), sum(b.cache_write_5m_tokens), sum(b.cache_write_1h_tokens), sum(b.output_tokens), sum(b.web_searches), sum(b.input_nano_usd), sum(b.cache_read_nano_usd), sum(b.cache_write_5m_nano_usd), sum(b.cache_write_1h_nano_usd), sum(b.output_nano_usd), sum(b.web_search_nano_usd),
		coalesce(sum(b.cost_nano_usd) FILTER (WHERE b.is_charged), 0)
	FROM turn_records b JOIN usage_series s ON s.organization_id = b.organization_id AND s.workspace_id = b.workspace_id AND s.api_key_id = b.api_key_id AND s.model = b.model AND s.service_tier = b.service_tier AND s.inference_geo = b.inference_geo AND s.context_window = b.context_window AND s.product = b.product
	GROUP BY 1, 2 ORDER BY 1, 2
	ON CONFLICT (series_id, bucket) DO UPDATE SET requests = kept.requests + excluded.requests, input_tokens = kept.input_tokens + excluded.input_tokens, cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens, cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens, cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens, output_tokens = kept.output_tokens + excluded.output_tokens, web_searches = kept.web_searches + excluded.web_searches, input_nano_usd = kept.input_nano_usd + excluded.input_nano_usd, cache_read_nano_usd = kept.cache_read_nano_usd + excluded.cache_read_nano_usd, cache_write_5m_nano_usd = kept.cache_write_5m_nano_usd + excluded.cache_write_5m_nano_usd, cache_write_1h_nano_usd = kept.cache_write_1h_nano_usd + excluded.cache_write_1h_nano_usd, output_nano_usd = kept.output_nano_usd + excluded.output_nano_usd, web_search_nano_usd = kept.web_search_nano_usd + excluded.web_search_nano_usd, charged_nano_usd = kept.charged_nano_usd + excluded.charged_nano_usd;--> statement-breakpoint
INSERT INTO usage_hours AS kept (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
	SELECT s.id, date_trunc('hour', b.started_at, 'UTC'), count(*), sum(b.input_tokens), sum(b.cache_read_tokens), sum(b.cache_write_5m_tokens), sum(b.cache_write_1h_tokens), sum(b.output_tokens), sum(b.web_searches), sum(b.input_nano_usd), sum(b.cache_read_nano_usd), sum(b.cache_write_5m_nano_usd), sum(b.cache_write_1h_nano_usd), sum(b.output_nano_usd), sum(b.web_search_nano_usd),
		coalesce(sum(b.cost_nano_usd) FILTER (WHERE b.is_charged), 0)
	FROM turn_records b JOIN usage_series s ON s.organization_id = b.organization_id AND s.workspace_id = b.workspace_id AND s.api_key_id = b.api_key_id AND s.model = b.model AND s.service_tier = b.service_tier AND s.inference_geo = b.inference_geo AND s.context_window = b.context_window AND s.product = b.product
	GROUP BY 1, 2 ORDER BY 1, 2
	ON CONFLICT (series_id, bucket) DO UPDATE SET requests = kept.requests + excluded.requests, input_tokens = kept.input_tokens + excluded.input_tokens, cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens, cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens, cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens, output_tokens = kept.output_tokens + excluded.output_tokens, web_searches = kept.web_searches + excluded.web_searches, input_nano_usd = kept.input_nano_usd + excluded.input_nano_usd, cache_read_nano_usd = kept.cache_read_nano_usd + excluded.cache_read_nano_usd, cache_write_5m_nano_usd = kept.cache_write_5m_nano_usd + excluded.cache_write_5m_nano_usd, cache_write_1h_nano_usd = kept.cache_write_1h_nano_usd + excluded.cache_write_1h_nano_usd, output_nano_usd = kept.output_nano_usd + excluded.output_nano_usd, web_search_nano_usd = kept.web_search_nano_usd + excluded.web_search_nano_usd, charged_nano_usd = kept.charged_nano_usd + excluded.charged_nano_usd;--> statement-breakpoint
INSERT INTO usage_days AS kept (series_id, bucket, requests, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, web_searches, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, charged_nano_usd)
	SELECT s.id, date_trunc('day', b.started_at, 'UTC'), count(*), sum(b.input_tokens), sum(b.cache_read_tokens), sum(b.cache_write_5m_tokens), sum(b.cache_write_1h_tokens), sum(b.output_tokens), sum(b.web_searches), sum(b.input_nano_usd), sum(b.cache_read_nano_usd), sum(b.cache_write_5m_nano_usd), sum(b.cache_write_1h_nano_usd), sum(b.output_nano_usd), sum(b.web_search_nano_usd),
		coalesce(sum(b.cost_nano_usd) FILTER (WHERE b.is_charged), 0)
	FROM turn_records b JOIN usage_series s ON s.organization_id = b.organization_id AND s.workspace_id = b.workspace_id AND s.api_key_id = b.api_key_id AND s.model = b.model AND s.service_tier = b.service_tier AND s.inference_geo = b.inference_geo AND s.context_window = b.context_window AND s.product = b.product
	GROUP BY 1, 2 ORDER BY 1, 2
	ON CONFLICT (series_id, bucket) DO UPDATE SET requests = kept.requests + excluded.requests, input_tokens = kept.input_tokens + excluded.input_tokens, cache_read_tokens = kept.cache_read_tokens + excluded.cache_read_tokens, cache_write_5m_tokens = kept.cache_write_5m_tokens + excluded.cache_write_5m_tokens, cache_write_1h_tokens = kept.cache_write_1h_tokens + excluded.cache_write_1h_tokens, output_tokens = kept.output_tokens + excluded.output_tokens, web_searches = kept.web_searches + excluded.web_searches, input_nano_usd = kept.input_nano_usd + excluded.input_nano_usd, cache_read_nano_usd = kept.cache_read_nano_usd + excluded.cache_read_nano_usd, cache_write_5m_nano_usd = kept.cache_write_5m_nano_usd + excluded.cache_write_5m_nano_usd, cache_write_1h_nano_usd = kept.cache_write_1h_nano_usd + excluded.cache_write_1h_nano_usd, output_nano_usd = kept.output_nano_usd + excluded.output_nano_usd, web_search_nano_usd = kept.web_search_nano_usd + excluded.web_search_nano_usd, charged_nano_usd = kept.charged_nano_usd + excluded.charged_nano_usd;

CREATE TABLE "credit_grants" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"kind" text NOT NULL,
	"reference" text NOT NULL,
	"amount_nano_usd" bigint NOT NULL,
	"remaining_nano_usd" bigint NOT NULL,
	"granted_at" timestamp (3) with time zone NOT NULL,
	"expires_at" timestamp (3) with time zone,
	CONSTRAINT "credit_grants_reference" UNIQUE("organization_id","reference")
);
--> statement-breakpoint
CREATE TABLE "spend_accounts" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"charged_nano_usd" bigint NOT NULL,
	"debt_nano_usd" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "spend_days" (
	"organization_id" text NOT NULL,
	"scope_type" text NOT NULL,
	"scope_id" text NOT NULL,
	"day" timestamp (3) with time zone NOT NULL,
	"spent_nano_usd" bigint NOT NULL,
	CONSTRAINT "spend_days_organization_id_scope_type_scope_id_day_pk" PRIMARY KEY("organization_id","scope_type","scope_id","day")
);
--> statement-breakpoint
CREATE TABLE "spend_holds" (
	"request_id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"workspace_id" text NOT NULL,
	"api_key_id" text NOT NULL,
	"user_id" text,
	"amount_nano_usd" bigint NOT NULL,
	"holder" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "spend_limits" (
	"id" text PRIMARY KEY NOT NULL,
	"organization_id" text NOT NULL,
	"scope_type" text NOT NULL,
	"scope_id" text NOT NULL,
	"period" text NOT NULL,
	"amount_nano_usd" bigint,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "spend_limits_scope" UNIQUE("organization_id","scope_type","scope_id","period")
);
--> statement-breakpoint
CREATE TABLE "spend_scopes" (
	"organization_id" text NOT NULL,
	"scope_type" text NOT NULL,
	"scope_id" text NOT NULL,
	"held_nano_usd" bigint NOT NULL,
	CONSTRAINT "spend_scopes_organization_id_scope_type_scope_id_pk" PRIMARY KEY("organization_id","scope_type","scope_id")
);
--> statement-breakpoint
ALTER TABLE "turn_records" ADD COLUMN "user_id" text;--> statement-breakpoint
CREATE INDEX "spend_holds_expiry" ON "spend_holds" USING btree ("organization_id","expires_at");--> statement-breakpoint
CREATE INDEX "spend_holds_holder" ON "spend_holds" USING btree ("holder");--> statement-breakpoint
-- Rows that change with every turn keep room on their page.
ALTER TABLE "spend_accounts" SET (fillfactor = 50);--> statement-breakpoint
ALTER TABLE "spend_scopes" SET (fillfactor = 50);--> statement-breakpoint
ALTER TABLE "spend_days" SET (fillfactor = 50);--> statement-breakpoint
ALTER TABLE "spend_limits" ADD CONSTRAINT "spend_limits_amount" CHECK (amount_nano_usd >= 0);--> statement-breakpoint
ALTER TABLE "credit_grants" ADD CONSTRAINT "credit_grants_remaining" CHECK (remaining_nano_usd BETWEEN 0 AND amount_nano_usd);--> statement-breakpoint
CREATE FUNCTION spend_period_start(period text) RETURNS timestamptz LANGUAGE sql STABLE AS $$
	SELECT date_trunc(CASE period WHEN 'daily' THEN 'day' WHEN 'weekly' THEN 'week' ELSE 'month' END, now(), 'UTC')
$$;--> statement-breakpoint
-- The account of an organization, with its first credit and the cap of its tier; doing it again changes nothing.
CREATE FUNCTION open_spend_account(organization text, signup_id text, signup_nano_usd bigint, cap_id text, cap_nano_usd bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO spend_accounts (organization_id, charged_nano_usd, debt_nano_usd) VALUES (organization, 0, 0) ON CONFLICT DO NOTHING;
	IF signup_nano_usd > 0 THEN
		PERFORM grant_credits(signup_id, organization, 'signup', 'signup', signup_nano_usd, NULL);
	END IF;
	IF cap_nano_usd IS NOT NULL THEN
		INSERT INTO spend_limits (id, organization_id, scope_type, scope_id, period, amount_nano_usd, created_at, updated_at)
		VALUES (cap_id, organization, 'usage_tier', organization, 'monthly', cap_nano_usd, now(), now()) ON CONFLICT DO NOTHING;
	END IF;
END
$$;--> statement-breakpoint
-- True when the reference is new. A debt is paid first.
CREATE FUNCTION grant_credits(grant_id text, organization text, grant_kind text, grant_reference text, granted_nano_usd bigint, expiry timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	paid bigint;
BEGIN
	INSERT INTO spend_accounts (organization_id, charged_nano_usd, debt_nano_usd) VALUES (organization, 0, 0) ON CONFLICT DO NOTHING;
	SELECT least(debt_nano_usd, granted_nano_usd) INTO paid FROM spend_accounts WHERE organization_id = organization FOR UPDATE;
	INSERT INTO credit_grants (id, organization_id, kind, reference, amount_nano_usd, remaining_nano_usd, granted_at, expires_at)
	VALUES (grant_id, organization, grant_kind, grant_reference, granted_nano_usd, granted_nano_usd - paid, clock_timestamp(), expiry)
	ON CONFLICT (organization_id, reference) DO NOTHING;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	UPDATE spend_accounts SET debt_nano_usd = debt_nano_usd - paid WHERE organization_id = organization AND paid > 0;
	RETURN true;
END
$$;--> statement-breakpoint
-- What an organization may still spend: credits that have not expired, less what it owes and what is held.
CREATE FUNCTION credit_balance(organization text) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT coalesce((SELECT sum(remaining_nano_usd) FROM credit_grants
			WHERE organization_id = organization AND remaining_nano_usd > 0 AND (expires_at IS NULL OR expires_at > now())), 0)::bigint
		- coalesce((SELECT debt_nano_usd FROM spend_accounts WHERE organization_id = organization), 0)
		- coalesce((SELECT held_nano_usd FROM spend_scopes
			WHERE organization_id = organization AND scope_type = 'organization' AND scope_id = organization), 0)
$$;--> statement-breakpoint
-- Ends holds. Whoever calls has locked the accounts.
CREATE FUNCTION drop_spend_holds(requests text[]) RETURNS void LANGUAGE sql AS $$
	WITH gone AS (DELETE FROM spend_holds WHERE request_id = ANY (requests) RETURNING *),
	freed AS (
		SELECT g.organization_id, scope.type, scope.id, sum(g.amount_nano_usd) AS amount
		FROM gone g CROSS JOIN LATERAL (VALUES ('organization', g.organization_id), ('workspace', g.workspace_id), ('api_key', g.api_key_id), ('user', g.user_id)) AS scope(type, id)
		WHERE scope.id IS NOT NULL GROUP BY 1, 2, 3)
	UPDATE spend_scopes s SET held_nano_usd = s.held_nano_usd - f.amount FROM freed f
	WHERE s.organization_id = f.organization_id AND s.scope_type = f.type AND s.scope_id = f.id
$$;--> statement-breakpoint
CREATE FUNCTION release_spend(requests text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	-- A release that a crash of the database forgets lapses with its hold.
	PERFORM set_config('synchronous_commit', 'off', true);
	PERFORM 1 FROM spend_accounts WHERE organization_id IN (SELECT organization_id FROM spend_holds WHERE request_id = ANY (requests))
		ORDER BY organization_id FOR UPDATE;
	PERFORM drop_spend_holds(requests);
END
$$;--> statement-breakpoint
-- Holds money for turns, one after the other, each wholly or not at all. Says of each what refused it: a limit, or credits.
CREATE FUNCTION hold_spend(input json, is_prepaid boolean, held_by text, lapse_ms bigint)
RETURNS TABLE (request_id text, refused_by text, refused_period text, regain_at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	wanted record;
	hit record;
BEGIN
	-- A hold need not survive a crash of the database: its turn's row does, and is charged.
	PERFORM set_config('synchronous_commit', 'off', true);
	PERFORM 1 FROM spend_accounts
	WHERE organization_id IN (SELECT each ->> 'organization_id' FROM json_array_elements(input) each)
	ORDER BY organization_id FOR UPDATE;
	PERFORM drop_spend_holds(ARRAY(
		SELECT h.request_id FROM spend_holds h
		WHERE h.organization_id IN (SELECT each ->> 'organization_id' FROM json_array_elements(input) each) AND h.expires_at < clock_timestamp()));
	FOR wanted IN
		SELECT * FROM json_to_recordset(input)
			AS w(request_id text, organization_id text, workspace_id text, api_key_id text, user_id text, amount bigint)
	LOOP
		request_id := wanted.request_id;
		refused_by := NULL;
		refused_period := NULL;
		regain_at := NULL;
		-- A repeated statement finds its first try.
		IF NOT EXISTS (SELECT FROM spend_holds h WHERE h.request_id = wanted.request_id) THEN
			SELECT l.scope_type, l.period INTO hit FROM spend_limits l
			WHERE l.organization_id = wanted.organization_id AND l.amount_nano_usd IS NOT NULL
				AND (l.scope_type IN ('organization', 'usage_tier')
					OR (l.scope_type = 'workspace' AND l.scope_id = wanted.workspace_id)
					OR (l.scope_type = 'api_key' AND l.scope_id = wanted.api_key_id)
					OR (l.scope_type = 'user' AND l.scope_id = wanted.user_id))
				AND l.amount_nano_usd < wanted.amount
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
			ELSIF is_prepaid AND credit_balance(wanted.organization_id) < wanted.amount THEN
				refused_by := 'credits';
			ELSE
				INSERT INTO spend_holds VALUES (wanted.request_id, wanted.organization_id, wanted.workspace_id, wanted.api_key_id,
					wanted.user_id, wanted.amount, held_by, clock_timestamp() + lapse_ms * interval '1 millisecond');
				INSERT INTO spend_scopes AS s (organization_id, scope_type, scope_id, held_nano_usd)
				SELECT wanted.organization_id, scope.type, scope.id, wanted.amount
				FROM (VALUES ('organization', wanted.organization_id), ('workspace', wanted.workspace_id), ('api_key', wanted.api_key_id), ('user', wanted.user_id)) AS scope(type, id)
				WHERE scope.id IS NOT NULL
				ON CONFLICT (organization_id, scope_type, scope_id) DO UPDATE SET held_nano_usd = s.held_nano_usd + excluded.held_nano_usd;
			END IF;
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;--> statement-breakpoint
CREATE FUNCTION spent_in_period(organization text, scope_kind text, scope text, period text) RETURNS bigint LANGUAGE sql STABLE AS $$
	SELECT coalesce(sum(d.spent_nano_usd), 0)::bigint FROM spend_days d
	WHERE d.organization_id = organization AND d.scope_type = CASE scope_kind WHEN 'usage_tier' THEN 'organization' ELSE scope_kind END
		AND d.scope_id = scope AND d.day >= spend_period_start(period)
$$;--> statement-breakpoint
-- Charges rows that are new on the ledger, in its transaction: so a turn is charged exactly as often as it is recorded.
CREATE FUNCTION settle_spend(batch turn_records[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	bill record;
	credit record;
	owed bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM unnest(batch) b WHERE b.is_charged) THEN
		RETURN;
	END IF;
	INSERT INTO spend_accounts (organization_id, charged_nano_usd, debt_nano_usd)
	SELECT DISTINCT b.organization_id, 0, 0 FROM unnest(batch) b WHERE b.is_charged ORDER BY 1 ON CONFLICT DO NOTHING;
	PERFORM 1 FROM spend_accounts WHERE organization_id IN (SELECT b.organization_id FROM unnest(batch) b WHERE b.is_charged)
		ORDER BY organization_id FOR UPDATE;
	INSERT INTO spend_days AS kept (organization_id, scope_type, scope_id, day, spent_nano_usd)
	SELECT b.organization_id, scope.type, scope.id, date_trunc('day', b.started_at, 'UTC'), sum(b.cost_nano_usd)
	FROM unnest(batch) b CROSS JOIN LATERAL (VALUES ('organization', b.organization_id), ('workspace', b.workspace_id), ('api_key', b.api_key_id), ('user', b.user_id)) AS scope(type, id)
	WHERE b.is_charged AND scope.id IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
	ON CONFLICT (organization_id, scope_type, scope_id, day) DO UPDATE SET spent_nano_usd = kept.spent_nano_usd + excluded.spent_nano_usd;
	PERFORM drop_spend_holds(ARRAY(SELECT b.request_id FROM unnest(batch) b WHERE b.is_charged));
	FOR bill IN
		SELECT b.organization_id, sum(b.cost_nano_usd)::bigint AS amount FROM unnest(batch) b WHERE b.is_charged GROUP BY 1 ORDER BY 1
	LOOP
		owed := bill.amount;
		FOR credit IN
			SELECT id, remaining_nano_usd FROM credit_grants
			WHERE organization_id = bill.organization_id AND remaining_nano_usd > 0 AND (expires_at IS NULL OR expires_at > now())
			ORDER BY granted_at, id
		LOOP
			EXIT WHEN owed = 0;
			UPDATE credit_grants SET remaining_nano_usd = remaining_nano_usd - least(owed, credit.remaining_nano_usd) WHERE id = credit.id;
			owed := owed - least(owed, credit.remaining_nano_usd);
		END LOOP;
		UPDATE spend_accounts SET charged_nano_usd = charged_nano_usd + bill.amount, debt_nano_usd = debt_nano_usd + owed
		WHERE organization_id = bill.organization_id;
	END LOOP;
END
$$;--> statement-breakpoint
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
	INSERT INTO turn_records (request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, outcome, service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at, inference_geo, context_window, product, session_id, web_searches, price_reference, cost_nano_usd, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, is_charged, user_id)
	SELECT request_id, organization_id, workspace_id, api_key_id, message_id, model, weights, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, thinking_tokens, stop_reason, outcome, service_tier, render_ms, queue_ms, restore_ms, prefill_ms, decode_ms, started_at, inference_geo, context_window, product, session_id, web_searches, price_reference, cost_nano_usd, input_nano_usd, cache_read_nano_usd, cache_write_5m_nano_usd, cache_write_1h_nano_usd, output_nano_usd, web_search_nano_usd, is_charged, user_id
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
$$

-- A process holds money for turns that are still to come, under ids that are no request's; the turn's row says which of them end
-- with it. Money held ahead must leave `spare_nano_usd` free everywhere, or nothing of it is held.
ALTER FUNCTION hold_spend(json, boolean, text, bigint) RENAME TO hold_spend_for_turns;--> statement-breakpoint
CREATE FUNCTION hold_spend(input json, is_prepaid boolean, held_by text, lapse_ms bigint, spare_nano_usd bigint DEFAULT 0)
RETURNS TABLE (request_id text, refused_by text, refused_period text, regain_at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
	IF spare_nano_usd > 0 THEN
		PERFORM set_config('synchronous_commit', 'off', true);
		PERFORM 1 FROM spend_accounts WHERE organization_id IN (SELECT each ->> 'organization_id' FROM json_array_elements(input) each)
			ORDER BY organization_id FOR UPDATE;
		IF EXISTS (
			WITH scopes AS MATERIALIZED (
				SELECT a.organization_id, scope.type, scope.id, sum(a.amount) + spare_nano_usd AS amount
				FROM json_to_recordset(input) AS a(organization_id text, workspace_id text, api_key_id text, user_id text, amount bigint)
				CROSS JOIN LATERAL (VALUES ('organization', a.organization_id), ('workspace', a.workspace_id), ('api_key', a.api_key_id), ('user', a.user_id)) AS scope(type, id)
				WHERE scope.id IS NOT NULL GROUP BY 1, 2, 3)
			SELECT FROM scopes s LEFT JOIN spend_limits l ON s.organization_id = l.organization_id
				AND s.type = CASE l.scope_type WHEN 'usage_tier' THEN 'organization' ELSE l.scope_type END AND s.id = l.scope_id
			WHERE l.amount_nano_usd < s.amount + spent_in_period(l.organization_id, l.scope_type, l.scope_id, l.period)
					+ coalesce((SELECT k.held_nano_usd FROM spend_scopes k WHERE k.organization_id = l.organization_id AND k.scope_type = s.type AND k.scope_id = s.id), 0)
				OR (is_prepaid AND s.type = 'organization' AND credit_balance(s.organization_id) < s.amount)) THEN
			RETURN QUERY SELECT each ->> 'request_id', 'reserve', NULL::text, NULL::timestamptz FROM json_array_elements(input) each;
			RETURN;
		END IF;
	END IF;
	RETURN QUERY SELECT * FROM hold_spend_for_turns(input, is_prepaid, held_by, lapse_ms);
END
$$;--> statement-breakpoint
-- Rows on the ledger, and the end of what was held for them under other ids than theirs. Doing it again changes nothing. Only accounts with a
-- hold to end are locked: those of rows that are here already, whose holds are gone, out of the order of the others' would lead into deadlocks.
CREATE FUNCTION record_turns_and_end_holds(input json) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	recorded integer;
	holds text[];
BEGIN
	recorded := record_turns(input);
	holds := ARRAY(
		SELECT h.request_id FROM spend_holds h WHERE h.request_id IN (
			SELECT json_array_elements_text(each -> 'hold_ids') FROM json_array_elements(input) each WHERE json_typeof(each -> 'hold_ids') = 'array'));
	IF cardinality(holds) > 0 THEN
		PERFORM 1 FROM spend_accounts WHERE organization_id IN (SELECT h.organization_id FROM spend_holds h WHERE h.request_id = ANY (holds))
			ORDER BY organization_id FOR UPDATE;
		PERFORM drop_spend_holds(holds);
	END IF;
	RETURN recorded;
END
$$;

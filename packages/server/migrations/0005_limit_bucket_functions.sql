-- Every take rewrites a few rows in place: room on the page keeps that from touching the index.
ALTER TABLE "limit_buckets" SET (fillfactor = 50);--> statement-breakpoint
INSERT INTO "limit_clock" ("id", "offset_ms", "version") VALUES (true, 0, 0);--> statement-breakpoint
CREATE FUNCTION limit_wall_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
	$$ SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;--> statement-breakpoint
-- The server has no clock that cannot be set. A node knows from its own monotonic clock between which times the next take
-- must come; a wall clock that is more than five seconds off has jumped, and the jump is taken out for every node, once.
CREATE FUNCTION correct_limit_clock(p_version bigint, p_earliest_ms bigint, p_latest_ms bigint)
RETURNS limit_clock LANGUAGE plpgsql AS $$
DECLARE
	v_clock limit_clock;
	v_now bigint;
BEGIN
	SELECT * INTO v_clock FROM limit_clock;
	IF p_version IS DISTINCT FROM v_clock.version THEN RETURN v_clock; END IF;
	v_now := limit_wall_ms() - v_clock.offset_ms;
	IF v_now BETWEEN p_earliest_ms - 5000 AND p_latest_ms + 5000 THEN RETURN v_clock; END IF;
	UPDATE limit_clock
		SET offset_ms = offset_ms + v_now - CASE WHEN v_now < p_earliest_ms THEN p_earliest_ms ELSE p_latest_ms END,
			version = version + 1
		WHERE version = p_version;
	SELECT * INTO v_clock FROM limit_clock;
	RETURN v_clock;
END
$$;--> statement-breakpoint
-- Takes from all buckets or from none; a settlement takes whatever the level. Units: limits/token-bucket.ts.
CREATE FUNCTION take_from_limit_buckets(
	p_keys text[], p_limits bigint[], p_tokens bigint[], p_settle boolean,
	p_version bigint, p_earliest_ms bigint, p_latest_ms bigint,
	OUT taken boolean, OUT levels bigint[], OUT now_ms bigint, OUT clock_version bigint
) LANGUAGE plpgsql AS $$
DECLARE
	v_clock limit_clock;
	v_found integer;
	v_old_limits bigint[];
	v_old_levels bigint[];
	v_updated bigint[];
BEGIN
	-- A crash of the server forgets what was taken in its last fraction of a second; waiting for the disk would cost more.
	PERFORM set_config('synchronous_commit', 'off', true);
	v_clock := correct_limit_clock(p_version, p_earliest_ms, p_latest_ms);
	clock_version := v_clock.version;
	LOOP
		-- Always in the order of the keys, or two takes would wait for each other.
		SELECT count(*), array_agg(l.limit_per_minute ORDER BY l.ord), array_agg(l.level_units ORDER BY l.ord),
				array_agg(l.updated_at_ms ORDER BY l.ord)
			INTO v_found, v_old_limits, v_old_levels, v_updated
			FROM (
				SELECT b.limit_per_minute, b.level_units, b.updated_at_ms, u.ord
				FROM unnest(p_keys) WITH ORDINALITY u(key, ord) JOIN limit_buckets b ON b.key = u.key
				ORDER BY b.key FOR UPDATE OF b
			) l;
		EXIT WHEN v_found = cardinality(p_keys);
		INSERT INTO limit_buckets (key, limit_per_minute, level_units, updated_at_ms)
			SELECT u.key, u.per_minute, u.per_minute * 60000, limit_wall_ms() - v_clock.offset_ms
			FROM unnest(p_keys, p_limits) u(key, per_minute) ORDER BY u.key
			ON CONFLICT (key) DO NOTHING;
	END LOOP;
	-- Read after the locks: whoever held them wrote an earlier time.
	now_ms := limit_wall_ms() - v_clock.offset_ms;
	SELECT array_agg(
			CASE WHEN r.old_limit = r.new_limit THEN r.level
			-- The operator changed the limit: what was used stays used.
			ELSE r.new_limit * 60000 - (r.old_limit * 60000 - r.level + 30000) / 60000 * 60000 END ORDER BY r.ord)
		INTO levels
		FROM (
			SELECT old_limit, new_limit, ord, old_level + least(
				old_limit * 60000 - old_level,
				least(greatest(0, now_ms - updated), (old_limit * 60000 - old_level + old_limit - 1) / old_limit) * old_limit
			) AS level
			FROM unnest(v_old_limits, v_old_levels, v_updated, p_limits) WITH ORDINALITY o(old_limit, old_level, updated, new_limit, ord)
		) r;
	SELECT p_settle OR bool_and(n.level >= least(n.tokens, n.per_minute) * 60000)
		INTO taken FROM unnest(levels, p_tokens, p_limits) n(level, tokens, per_minute);
	IF NOT taken THEN RETURN; END IF;
	SELECT array_agg(least(n.per_minute * 60000, n.level - n.tokens * 60000) ORDER BY n.ord)
		INTO levels FROM unnest(levels, p_tokens, p_limits) WITH ORDINALITY n(level, tokens, per_minute, ord);
	UPDATE limit_buckets b
		SET limit_per_minute = n.per_minute,
			level_units = n.level,
			-- A time far ahead was written under a clock that has since been set back: waiting for it would lock the bucket.
			updated_at_ms = CASE WHEN b.updated_at_ms > now_ms + 5000 THEN now_ms ELSE greatest(b.updated_at_ms, now_ms) END
		FROM unnest(p_keys, p_limits, levels) n(key, per_minute, level)
		WHERE b.key = n.key;
END
$$;

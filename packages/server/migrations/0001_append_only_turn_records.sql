-- The ledger only grows: money is computed from it, so no code path may rewrite what was accounted.
CREATE FUNCTION refuse_turn_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'turn_records is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;--> statement-breakpoint
CREATE TRIGGER turn_records_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "turn_records"
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_turn_record_change();

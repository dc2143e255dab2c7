-- Only accounts with a hold to end are locked: those of rows that are here already, whose holds are gone, out of the order of the others' were
-- a way into deadlocks.
CREATE OR REPLACE FUNCTION record_turns_and_end_holds(input json) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	recorded integer;
	holds text[];
BEGIN
	recorded := record_turns(input);
	holds := ARRAY(SELECT h.request_id FROM spend_holds h WHERE h.request_id IN (SELECT each ->> 'hold_id' FROM json_array_elements(input) each));
	IF cardinality(holds) > 0 THEN
		PERFORM 1 FROM spend_accounts WHERE organization_id IN (SELECT h.organization_id FROM spend_holds h WHERE h.request_id = ANY (holds))
			ORDER BY organization_id FOR UPDATE;
		PERFORM drop_spend_holds(holds);
	END IF;
	RETURN recorded;
END
$$;

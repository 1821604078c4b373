-- The fence of a tick, in the trip that begins it: a transaction of a deposed owner never begins.

SET LOCAL ROLE devsquad_owner;

-- The share lock holds a take-over back until the transaction that asked has ended.
CREATE FUNCTION devsquad.hold_epoch(whose uuid, ours bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    current bigint;
BEGIN
    SELECT epoch INTO current FROM public.engine_owners WHERE organization_id = whose FOR SHARE;
    IF current IS DISTINCT FROM ours THEN
        RAISE EXCEPTION 'another server runs this organization now (epoch %; ours was %)', coalesce(current, 0), ours USING ERRCODE = 'VD001';
    END IF;
END
$$;
COMMENT ON FUNCTION devsquad.hold_epoch IS 'Fails with VD001 unless this epoch is still the one that may write; holds it until the transaction ends.';
GRANT EXECUTE ON FUNCTION devsquad.hold_epoch TO devsquad_app;

RESET ROLE;

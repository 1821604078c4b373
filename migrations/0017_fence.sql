-- The fence of a tick, in the trip that begins it: a transaction of a deposed owner never begins.

SET LOCAL ROLE devsquad_owner;

-- One lock for each organization, in which who comes waits for who came: ticks of its owner hold it together, always one at least, and
-- whoever takes over holds it alone, before the ticks that come later. (Ticks that share a lock on the row would let nobody in between.)
CREATE FUNCTION devsquad.epoch_lock(whose uuid) RETURNS bigint LANGUAGE sql IMMUTABLE
    RETURN pg_catalog.hashtextextended('epoch ' || whose, 0);

CREATE FUNCTION devsquad.hold_epoch(whose uuid, ours bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    current bigint;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(devsquad.epoch_lock(whose));
    SELECT epoch INTO current FROM public.engine_owners WHERE organization_id = whose;
    IF current IS DISTINCT FROM ours THEN
        RAISE EXCEPTION 'another server runs this organization now (epoch %; ours was %)', coalesce(current, 0), ours USING ERRCODE = 'VD001';
    END IF;
END
$$;
COMMENT ON FUNCTION devsquad.hold_epoch IS 'Fails with VD001 unless this epoch is still the one that may write; holds it until the transaction ends.';
GRANT EXECUTE ON FUNCTION devsquad.epoch_lock, devsquad.hold_epoch TO devsquad_app;

RESET ROLE;

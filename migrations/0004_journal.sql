-- The journal and what the engine needs around it. The journal is the truth; every other table of the engine can be rebuilt from it.

SET LOCAL ROLE devsquad_owner;

-- ── orchestration_events: the journal ───────────────────────────────────────────────────────────────────────────────────────
-- One organization's events are numbered without gaps by its single writer, and each carries the hash of the one before it, so a
-- missing, changed or inserted line shows. `event_data` and `actor` are `json` on purpose: jsonb would reorder keys and the hash
-- is over the text. Rows are never changed: the application has no right to, and the trigger refuses even the owner.
CREATE TABLE orchestration_events (
    organization_id        uuid NOT NULL,
    seq                    bigint NOT NULL CHECK (seq > 0),
    id                     uuid NOT NULL,
    workflow_id            uuid,
    task_id                uuid,
    agent_id               uuid,
    event_type             text NOT NULL,
    severity               text NOT NULL,
    actor                  json NOT NULL,                          -- who did it: a person, an agent, the system
    event_data             json NOT NULL,
    stream_chat_message_id text,                                   -- known beforehand: it is made from the event's id
    timestamp              timestamptz NOT NULL,
    hash                   bytea NOT NULL CHECK (length(hash) = 32), -- sha256 over the hash before and this line
    PRIMARY KEY (organization_id, seq),
    UNIQUE (organization_id, id)
);
COMMENT ON TABLE orchestration_events IS 'The journal: everything that ever happened in an organization, in order. Insert only.';
CREATE INDEX orchestration_events_workflow ON orchestration_events (organization_id, workflow_id, seq);
CALL devsquad.protect('orchestration_events');
GRANT SELECT, INSERT ON orchestration_events TO devsquad_app;
GRANT SELECT ON orchestration_events TO devsquad_reader;

CREATE FUNCTION devsquad.refuse_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RAISE EXCEPTION '% is insert only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON orchestration_events
    FOR EACH STATEMENT EXECUTE FUNCTION devsquad.refuse_change();

-- ── idempotency_keys ────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE idempotency_keys (
    organization_id uuid NOT NULL,
    principal       text NOT NULL,                                 -- whose key: two callers may choose the same
    key             text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint     bytea NOT NULL,                                -- sha256 of the request: another body under the same key is refused
    answer          json NOT NULL,                                 -- given again byte for byte
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, principal, key)
);
COMMENT ON TABLE idempotency_keys IS 'Answers already given, kept seven days, written in the same transaction as what they answer for.';
CREATE INDEX idempotency_keys_created ON idempotency_keys (organization_id, created_at);
CALL devsquad.protect('idempotency_keys');
GRANT SELECT, INSERT, DELETE ON idempotency_keys TO devsquad_app;
GRANT SELECT ON idempotency_keys TO devsquad_reader;

-- ── engine_owners: which replica runs the engine of an organization ─────────────────────────────────────────────────────────
CREATE TABLE engine_owners (
    organization_id uuid PRIMARY KEY REFERENCES organizations (id),
    epoch           bigint NOT NULL CHECK (epoch > 0),             -- every tick checks it: a deposed owner cannot write
    replica         uuid NOT NULL,
    taken_at        timestamptz NOT NULL,
    lease_until     timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE engine_owners IS 'Which replica of the server is the single writer of an organization, and until when.';
CALL devsquad.protect('engine_owners');
GRANT SELECT, INSERT, UPDATE ON engine_owners TO devsquad_app;
GRANT SELECT ON engine_owners TO devsquad_reader;
-- Replicas look for organizations without an owner across all tenants.
GRANT SELECT, INSERT, UPDATE ON engine_owners TO devsquad_worker;
CREATE POLICY worker_takes_over ON engine_owners TO devsquad_worker USING (true) WITH CHECK (true);

-- ── engine_snapshots ────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE engine_snapshots (
    organization_id uuid NOT NULL,
    seq             bigint NOT NULL,                               -- the state after this event
    epoch           bigint NOT NULL,
    state           bytea NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, seq)
);
COMMENT ON TABLE engine_snapshots IS 'Saved states of an engine: reloading reads the last one and the events after it.';
CALL devsquad.protect('engine_snapshots');
GRANT SELECT, INSERT, DELETE ON engine_snapshots TO devsquad_app;
GRANT SELECT ON engine_snapshots TO devsquad_reader;

RESET ROLE;

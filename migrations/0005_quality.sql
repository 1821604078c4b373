-- Quality checkpoints, and the rule that no task completes past one (Q1).

SET LOCAL ROLE devsquad_owner;

CREATE TABLE quality_checkpoints (
    organization_id       uuid NOT NULL,
    id                    uuid NOT NULL,
    workflow_id           uuid NOT NULL,
    task_id               uuid NOT NULL,
    checkpoint_type       text NOT NULL CHECK (checkpoint_type IN ('peer_review', 'approval', 'automatic')),
    title                 text NOT NULL DEFAULT '',
    mandatory             boolean NOT NULL DEFAULT true,
    generation            int NOT NULL,                            -- the task's when it opened: work done again is checked again
    round                 int NOT NULL,                            -- a new result opens a new round
    validation_rules      jsonb NOT NULL DEFAULT '{}',             -- threshold and electorate, frozen when the round opens
    status                text NOT NULL CHECK (status IN ('pending', 'passed', 'failed', 'waived', 'cancelled')),
    results               jsonb NOT NULL DEFAULT '[]',             -- votes, command outputs, verdicts
    result_sha256         bytea,                                   -- the result that was judged
    decided_by            json,
    note                  text,
    stream_chat_thread_id text,
    created_at            timestamptz NOT NULL,
    decided_at            timestamptz,
    PRIMARY KEY (organization_id, id),
    CHECK ((status = 'pending') = (decided_at IS NULL)),
    FOREIGN KEY (organization_id, task_id) REFERENCES workflow_tasks (organization_id, id) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE quality_checkpoints IS 'What must hold before a task may complete: reviews, approvals, automatic checks.';
CREATE INDEX quality_checkpoints_task ON quality_checkpoints (organization_id, task_id, generation, round);
CREATE INDEX quality_checkpoints_workflow ON quality_checkpoints (organization_id, workflow_id);
CREATE INDEX quality_checkpoints_pending ON quality_checkpoints (organization_id, created_at) WHERE status = 'pending';
CALL devsquad.protect('quality_checkpoints');
GRANT SELECT, INSERT, UPDATE, DELETE ON quality_checkpoints TO devsquad_app;
GRANT SELECT ON quality_checkpoints TO devsquad_reader;

-- Q1: a task is completed only when, in the last round of its current generation, each of its mandatory checks has a checkpoint that
-- passed or was waived, and none is open, failed or cancelled. So neither a forgotten checkpoint nor one of work since redone counts.
-- Asked when the transaction commits, so that a tick may write task and checkpoints in any order; and only of tasks which have checks
-- at all and become completed now, so that other rows pay nothing.
CREATE FUNCTION devsquad.refuse_unchecked_completion() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    required bigint;
    passed   bigint;
    unpassed bigint;
BEGIN
    SELECT count(*) INTO required
    FROM jsonb_array_elements(NEW.checks) AS rule WHERE coalesce((rule ->> 'mandatory')::boolean, true);
    SELECT count(*) FILTER (WHERE c.status IN ('passed', 'waived')), count(*) FILTER (WHERE c.status NOT IN ('passed', 'waived'))
    INTO passed, unpassed
    FROM public.quality_checkpoints AS c
    WHERE c.organization_id = NEW.organization_id AND c.task_id = NEW.id AND c.generation = NEW.generation AND c.mandatory
      AND c.round = (
            SELECT max(latest.round) FROM public.quality_checkpoints AS latest
            WHERE latest.organization_id = NEW.organization_id AND latest.task_id = NEW.id AND latest.generation = NEW.generation);
    IF passed < required OR unpassed > 0 THEN
        RAISE EXCEPTION 'task % cannot complete: % of its % mandatory checkpoints passed, % did not', NEW.id, passed, required, unpassed
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'completed_only_past_checkpoints';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER completed_only_past_checkpoints_insert AFTER INSERT ON workflow_tasks
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.status = 'completed' AND jsonb_array_length(NEW.checks) > 0)
    EXECUTE FUNCTION devsquad.refuse_unchecked_completion();
CREATE CONSTRAINT TRIGGER completed_only_past_checkpoints_update AFTER UPDATE OF status ON workflow_tasks
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.status = 'completed' AND OLD.status <> 'completed' AND jsonb_array_length(NEW.checks) > 0)
    EXECUTE FUNCTION devsquad.refuse_unchecked_completion();

RESET ROLE;

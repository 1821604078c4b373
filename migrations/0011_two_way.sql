-- What people can do to the work from the chat and from pages: answer questions, choose who works, waive; and what the chat said.

SET LOCAL ROLE devsquad_owner;

-- A task that a person keeps for one agent.
ALTER TABLE workflow_tasks ADD COLUMN kept_for_agent_id uuid;

-- An attempt that ended with a question to people. It counts for nothing; the task goes on with the answer.
ALTER TABLE attempts DROP CONSTRAINT attempts_status_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_status_check CHECK (status IN (
    'leased', 'running', 'waiting', 'asked', 'succeeded', 'failed', 'timed_out', 'stalled', 'lost', 'rejected', 'cancelled'));

-- ── task_questions ──────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE task_questions (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    workflow_id     uuid NOT NULL,
    task_id         uuid NOT NULL,
    attempt_id      uuid NOT NULL,
    agent_id        uuid NOT NULL,                                 -- who asks
    question        text NOT NULL,
    options         jsonb NOT NULL DEFAULT '[]',                   -- answers to choose from
    asked_at        timestamptz NOT NULL,
    answer          text,
    answered_by     json,
    answered_at     timestamptz,
    PRIMARY KEY (organization_id, id),
    CHECK ((answer IS NULL) = (answered_at IS NULL)),
    FOREIGN KEY (organization_id, task_id) REFERENCES workflow_tasks (organization_id, id) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE task_questions IS 'What agents asked people about their tasks, and the answers.';
CREATE INDEX task_questions_task ON task_questions (organization_id, task_id);
CREATE INDEX task_questions_open ON task_questions (organization_id, asked_at) WHERE answered_at IS NULL;
CALL devsquad.protect('task_questions');
GRANT SELECT, INSERT, UPDATE, DELETE ON task_questions TO devsquad_app;
GRANT SELECT ON task_questions TO devsquad_reader;

-- ── chat_inbox ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
-- What people did in the chat that may ask for something. It is written before the chat's server is answered and done afterwards.
-- The same thing told twice, whether under another delivery or read back, has the same id.
CREATE TABLE chat_inbox (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id              text NOT NULL,
    seq             bigint GENERATED ALWAYS AS IDENTITY,
    event           json NOT NULL,
    said_at         timestamptz NOT NULL,                          -- when the person did it, as the chat says
    received_at     timestamptz NOT NULL,
    done_at         timestamptz,
    settles         text,                                          -- what it gives a value to: of two, the one said last counts
    outcome         text,                                          -- what came of it, for those who look after the server
    PRIMARY KEY (organization_id, id)
);
COMMENT ON TABLE chat_inbox IS 'What people did in the chat that may ask for something: each once, in the order it came.';
CREATE INDEX chat_inbox_due ON chat_inbox (organization_id, said_at, seq) WHERE done_at IS NULL;
CREATE INDEX chat_inbox_settles ON chat_inbox (organization_id, settles, said_at) WHERE settles IS NOT NULL;
CALL devsquad.protect('chat_inbox');
GRANT SELECT, INSERT, UPDATE, DELETE ON chat_inbox TO devsquad_app;
GRANT SELECT ON chat_inbox TO devsquad_reader;

-- How far the chat was read back, for what no webhook told.
CREATE TABLE chat_watermarks (
    organization_id uuid PRIMARY KEY REFERENCES organizations (id),
    heard_at        timestamptz NOT NULL
);
COMMENT ON TABLE chat_watermarks IS 'Up to which moment the chat was read back for what its webhooks may have lost.';
CALL devsquad.protect('chat_watermarks');
GRANT SELECT, INSERT, UPDATE ON chat_watermarks TO devsquad_app;
GRANT SELECT ON chat_watermarks TO devsquad_reader;

-- Whose channel this is, before a tenant is known.
GRANT SELECT (organization_id, channel_type, channel_id) ON stream_chat_integration TO devsquad_definer;
CREATE POLICY lookup ON stream_chat_integration FOR SELECT TO devsquad_definer USING (true);
CREATE INDEX stream_chat_integration_channel ON stream_chat_integration (channel_type, channel_id);

RESET ROLE;
GRANT CREATE ON SCHEMA devsquad TO devsquad_definer;
SET LOCAL ROLE devsquad_definer;
CREATE FUNCTION devsquad.organization_of_channel(kind text, channel text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT c.organization_id FROM public.stream_chat_integration AS c WHERE c.channel_type = kind AND c.channel_id = channel LIMIT 1
    $$;
COMMENT ON FUNCTION devsquad.organization_of_channel IS 'Whose a chat channel is: webhooks name channels, not tenants.';
RESET ROLE;
REVOKE CREATE ON SCHEMA devsquad FROM devsquad_definer;

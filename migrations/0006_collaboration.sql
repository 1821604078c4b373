-- How agents work together, where they talk, and what they made.

SET LOCAL ROLE devsquad_owner;

-- ── agent_coordination ──────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE agent_coordination (
    organization_id        uuid NOT NULL,
    id                     uuid NOT NULL,
    workflow_id            uuid NOT NULL,
    coordinator_agent_id   uuid NOT NULL,
    coordinated_agent_id   uuid NOT NULL,
    coordination_type      text NOT NULL,                          -- handoff, review, question, conflict, …
    status                 text NOT NULL,
    stream_chat_channel_id text,
    metadata               jsonb NOT NULL DEFAULT '{}',
    created_at             timestamptz NOT NULL,
    updated_at             timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, workflow_id) REFERENCES orchestration_workflows (organization_id, id) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE agent_coordination IS 'Who led whom, and in what: handoffs, reviews, questions, conflicts between two agents.';
CREATE INDEX agent_coordination_workflow ON agent_coordination (organization_id, workflow_id);
CALL devsquad.protect('agent_coordination');
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_coordination TO devsquad_app;
GRANT SELECT ON agent_coordination TO devsquad_reader;

-- ── stream_chat_integration ─────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE stream_chat_integration (
    organization_id    uuid NOT NULL,
    id                 uuid NOT NULL,
    project_id         uuid,                                       -- null: a channel of the whole organization
    workflow_id        uuid,
    channel_id         text NOT NULL,
    channel_type       text NOT NULL,
    agent_participants jsonb NOT NULL DEFAULT '[]',
    user_participants  jsonb NOT NULL DEFAULT '[]',
    purpose            text NOT NULL,
    created_at         timestamptz NOT NULL,
    last_activity      timestamptz,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, channel_type, channel_id)
);
COMMENT ON TABLE stream_chat_integration IS 'The chat channels of an organization: what each is for and who is in it.';
CREATE INDEX stream_chat_integration_project ON stream_chat_integration (organization_id, project_id);
CALL devsquad.protect('stream_chat_integration');
GRANT SELECT, INSERT, UPDATE, DELETE ON stream_chat_integration TO devsquad_app;
GRANT SELECT ON stream_chat_integration TO devsquad_reader;

-- ── artifacts ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
-- The content stands once per organization and hash; what refers to it stands in `artifacts`.
CREATE TABLE artifact_blobs (
    organization_id uuid NOT NULL,
    sha256          bytea NOT NULL CHECK (length(sha256) = 32),
    content         bytea NOT NULL CHECK (sha256(content) = sha256), -- Q7: what is stored is what was named
    PRIMARY KEY (organization_id, sha256)
);
COMMENT ON TABLE artifact_blobs IS 'Contents of artifacts, by hash.';
CALL devsquad.protect('artifact_blobs');
GRANT SELECT, INSERT, DELETE ON artifact_blobs TO devsquad_app;
GRANT SELECT ON artifact_blobs TO devsquad_reader;

CREATE TABLE artifacts (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    workflow_id     uuid NOT NULL,
    task_id         uuid NOT NULL,
    attempt_id      uuid NOT NULL,
    name            text NOT NULL,
    media_type      text NOT NULL,
    sha256          bytea NOT NULL,
    size_bytes      bigint NOT NULL CHECK (size_bytes >= 0),
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, sha256) REFERENCES artifact_blobs (organization_id, sha256) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (organization_id, task_id) REFERENCES workflow_tasks (organization_id, id) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE artifacts IS 'Files that attempts handed in.';
CREATE INDEX artifacts_task ON artifacts (organization_id, task_id);
CREATE INDEX artifacts_workflow ON artifacts (organization_id, workflow_id);
CREATE INDEX artifacts_blob ON artifacts (organization_id, sha256);
CALL devsquad.protect('artifacts');
GRANT SELECT, INSERT, DELETE ON artifacts TO devsquad_app;
GRANT SELECT ON artifacts TO devsquad_reader;

-- ── attempt_logs ────────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE attempt_logs (
    organization_id uuid NOT NULL,
    attempt_id      uuid NOT NULL,
    line_no         int NOT NULL,
    at              timestamptz NOT NULL,
    stream          text NOT NULL,                                 -- stdout, stderr, or the engine's own remarks
    line            text NOT NULL,
    PRIMARY KEY (organization_id, attempt_id, line_no)
);
COMMENT ON TABLE attempt_logs IS 'What an attempt printed, line by line.';
CALL devsquad.protect('attempt_logs');
GRANT SELECT, INSERT, DELETE ON attempt_logs TO devsquad_app;
GRANT SELECT ON attempt_logs TO devsquad_reader;

RESET ROLE;

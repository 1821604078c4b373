-- Agents, workflows, tasks, attempts: what pages and reports read.
--
-- These tables are projections: the engine of an organization holds the live state in memory, writes what happened to the journal
-- (next migration) and, in the same transaction, the rows it touched here. One writer per organization, whole ticks at once; so
-- constraints that look across rows are DEFERRED: within a tick rows come in any order, at its end they must be right.
--
-- The busy tables leave room on every page (fillfactor) and index no column that changes with each step, so that PostgreSQL can
-- update a row without touching any index (HOT). That is why tasks and attempts have no index on `status`: what is live is found
-- through the workflow's status, what waits for a person through quality_checkpoints. Nor have edges and attempts foreign keys:
-- checking two for each edge took two thirds of the time of creating a workflow, and `devsquad verify` compares every table with
-- the journal anyway.

SET LOCAL ROLE devsquad_owner;

-- ── agents ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE agents (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    name            text NOT NULL,
    adapter         text NOT NULL,                                 -- http, mcp, acp, exec, llm
    description     text NOT NULL DEFAULT '',
    owner           text,                                          -- agents of one owner may not vote on each other's work
    skills          jsonb NOT NULL DEFAULT '[]',
    capacity        int NOT NULL CHECK (capacity >= 0),            -- leases it may hold at once
    cost_per_hour   numeric,
    status          text NOT NULL,
    presence        text NOT NULL,
    live_leases     int NOT NULL DEFAULT 0 CHECK (live_leases >= 0),
    accepted        int NOT NULL DEFAULT 0,                        -- track record: results accepted, rejected, attempts failed
    rejected        int NOT NULL DEFAULT 0,
    failed          int NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL,
    last_seen_at    timestamptz,
    retired_at      timestamptz,
    PRIMARY KEY (organization_id, id)
) WITH (fillfactor = 80);
COMMENT ON TABLE agents IS 'Who does the work: programs known by a token, with skills and a capacity.';
CREATE INDEX agents_name ON agents (organization_id, name);
CALL devsquad.protect('agents');
GRANT SELECT, INSERT, UPDATE, DELETE ON agents TO devsquad_app;
GRANT SELECT ON agents TO devsquad_reader;

-- ── orchestration_workflows ─────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE orchestration_workflows (
    organization_id        uuid NOT NULL,
    id                     uuid NOT NULL,
    project_id             uuid NOT NULL,
    user_id                uuid,                                   -- who asked for it; null: an agent, a trigger, a schedule
    workflow_name          text NOT NULL,
    workflow_type          text NOT NULL,
    description            text NOT NULL DEFAULT '',
    template_id            text,                                   -- template and version it was made from
    parameters             jsonb NOT NULL DEFAULT '{}',
    status                 text NOT NULL CHECK (status IN (
        'draft', 'planned', 'running', 'paused', 'completed', 'failed', 'timed_out', 'cancelled', 'compensating', 'compensated')),
    reason                 text,                                   -- why it ended as it did, from the closed list
    priority               text NOT NULL CHECK (priority IN ('urgent', 'high', 'normal', 'low')),
    deadline               timestamptz,
    tasks_total            int NOT NULL DEFAULT 0,
    tasks_completed        int NOT NULL DEFAULT 0,
    position               bigint NOT NULL DEFAULT 0,              -- seq of the last event about it: where a live page resumes
    stream_chat_channel_id text,
    created_at             timestamptz NOT NULL,
    started_at             timestamptz,
    updated_at             timestamptz NOT NULL,
    completed_at           timestamptz,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, project_id) REFERENCES projects (organization_id, id) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 80);
COMMENT ON TABLE orchestration_workflows IS 'Live DAGs of tasks.';
CREATE INDEX orchestration_workflows_status ON orchestration_workflows (organization_id, status, created_at DESC);
CREATE INDEX orchestration_workflows_created ON orchestration_workflows (organization_id, created_at DESC);
CALL devsquad.protect('orchestration_workflows');
GRANT SELECT, INSERT, UPDATE, DELETE ON orchestration_workflows TO devsquad_app;
GRANT SELECT ON orchestration_workflows TO devsquad_reader;

-- ── workflow_tasks ──────────────────────────────────────────────────────────────────────────────────────────────────────────
-- `json`, not `jsonb`, for what agents and people wrote: it is given back and hashed byte for byte.
CREATE TABLE workflow_tasks (
    organization_id       uuid NOT NULL,
    id                    uuid NOT NULL,
    workflow_id           uuid NOT NULL,
    ordinal               int NOT NULL,                            -- place in the order the author wrote
    task_key              text NOT NULL,                           -- the author's name for it, unique in the workflow
    task_name             text NOT NULL,
    task_type             text NOT NULL,
    assigned_agent_id     uuid,
    status                text NOT NULL CHECK (status IN (
        'blocked', 'ready', 'assigned', 'running', 'awaiting_input', 'awaiting_approval', 'in_review', 'rework', 'completed',
        'skipped', 'failed', 'dead_letter', 'cancelled', 'compensating', 'compensated')),
    stage                 text,                                    -- what the agent says it is doing
    reason                text,
    dependencies          jsonb NOT NULL DEFAULT '[]',             -- keys it waits for; the edges are in task_dependencies
    skills                jsonb NOT NULL DEFAULT '[]',             -- skills and levels an agent must have
    checks                jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(checks) = 'array'), -- checkpoints it must pass
    input_data            json,
    output_data           json,
    result_sha256         bytea,                                   -- what votes are bound to
    progress              int NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    note                  text,
    attempts_used         int NOT NULL DEFAULT 0,
    max_attempts          int NOT NULL DEFAULT 1,
    fence                 bigint NOT NULL DEFAULT 0,               -- rises by one with each attempt; the only authority over the task
    generation            int NOT NULL DEFAULT 1,                  -- rises when accepted work is done again
    effective_priority    double precision,                        -- computed: declared priority, slack, descendants, age
    timeout_s             int,
    not_before            timestamptz,                             -- a retry waits until then
    stream_chat_thread_id text,
    ready_at              timestamptz,
    started_at            timestamptz,
    completed_at          timestamptz,
    updated_at            timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, workflow_id, task_key),
    FOREIGN KEY (organization_id, workflow_id) REFERENCES orchestration_workflows (organization_id, id) DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 80);
COMMENT ON TABLE workflow_tasks IS 'The nodes of a workflow: what one agent does.';
CALL devsquad.protect('workflow_tasks');
GRANT SELECT, INSERT, UPDATE, DELETE ON workflow_tasks TO devsquad_app;
GRANT SELECT ON workflow_tasks TO devsquad_reader;

-- ── task_dependencies ───────────────────────────────────────────────────────────────────────────────────────────────────────
-- The longest rows of a creation in number: they have one index beside their key. What a workflow's are is found through its tasks.
CREATE TABLE task_dependencies (
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    workflow_id     uuid NOT NULL,
    parent_task_id  uuid NOT NULL,
    child_task_id   uuid NOT NULL,
    dependency_type text NOT NULL CHECK (dependency_type IN ('all_succeeded', 'all_done', 'any_succeeded')),
    status          text NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, parent_task_id, child_task_id),
    CHECK (parent_task_id <> child_task_id)
) WITH (fillfactor = 80);
COMMENT ON TABLE task_dependencies IS 'The edges of a workflow: the child waits for the parent.';
CALL devsquad.protect('task_dependencies');
GRANT SELECT, INSERT, UPDATE, DELETE ON task_dependencies TO devsquad_app;
GRANT SELECT ON task_dependencies TO devsquad_reader;

-- ── attempts ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE attempts (
    organization_id  uuid NOT NULL,
    id               uuid NOT NULL,
    workflow_id      uuid NOT NULL,
    task_id          uuid NOT NULL,
    agent_id         uuid NOT NULL,
    purpose          text NOT NULL DEFAULT 'work' CHECK (purpose IN ('work', 'review')),
    fence            bigint NOT NULL,
    status           text NOT NULL CHECK (status IN (
        'leased', 'running', 'waiting', 'succeeded', 'failed', 'timed_out', 'stalled', 'lost', 'rejected', 'cancelled')),
    reason           text,
    message          text,
    fit              jsonb NOT NULL DEFAULT '{}',                  -- why this agent: the terms of the score
    leased_at        timestamptz NOT NULL,
    started_at       timestamptz,
    lease_expires_at timestamptz,
    ended_at         timestamptz,
    progress         int NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    note             text,
    tokens           bigint NOT NULL DEFAULT 0,
    cost             numeric NOT NULL DEFAULT 0,
    PRIMARY KEY (organization_id, id),
    CONSTRAINT attempts_live_has_no_end CHECK ((ended_at IS NULL) = (status IN ('leased', 'running', 'waiting'))),
    -- At most one live attempt works on a task (I3). A partial unique index would be checked row by row; this one is checked when
    -- the tick commits, so the old attempt's end and the new one's start may come in any order. It asks for ended_at, not for
    -- status, because that changes once: going from leased to running touches no index.
    CONSTRAINT attempts_one_live_per_task EXCLUDE USING btree (organization_id WITH =, task_id WITH =)
        WHERE (ended_at IS NULL AND purpose = 'work') DEFERRABLE INITIALLY DEFERRED
) WITH (fillfactor = 80);
COMMENT ON TABLE attempts IS 'Executions of a task (or of a review of it) by one agent, under a lease.';
CREATE INDEX attempts_task ON attempts (organization_id, task_id, fence);
CREATE INDEX attempts_agent ON attempts (organization_id, agent_id, leased_at DESC);
CALL devsquad.protect('attempts');
GRANT SELECT, INSERT, UPDATE, DELETE ON attempts TO devsquad_app;
GRANT SELECT ON attempts TO devsquad_reader;

-- ── agent_assignments ───────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE agent_assignments (
    organization_id     uuid NOT NULL,
    id                  uuid NOT NULL,
    workflow_id         uuid NOT NULL,
    agent_id            uuid NOT NULL,
    role                text NOT NULL,
    status              text NOT NULL,
    workload_percentage int NOT NULL DEFAULT 0 CHECK (workload_percentage >= 0),
    stream_chat_user_id text,
    assigned_at         timestamptz NOT NULL,
    last_activity       timestamptz,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, workflow_id, agent_id),
    FOREIGN KEY (organization_id, workflow_id) REFERENCES orchestration_workflows (organization_id, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (organization_id, agent_id) REFERENCES agents (organization_id, id) DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE agent_assignments IS 'Which agent takes part in which workflow, and as what.';
CREATE INDEX agent_assignments_agent ON agent_assignments (organization_id, agent_id);
CALL devsquad.protect('agent_assignments');
GRANT SELECT, INSERT, UPDATE, DELETE ON agent_assignments TO devsquad_app;
GRANT SELECT ON agent_assignments TO devsquad_reader;

RESET ROLE;

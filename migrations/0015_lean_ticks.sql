-- What every tick writes, and what of it PostgreSQL has to look up, check and index: less, where nobody asks for it.
--
-- At full load the transaction of the tick is what the engine waits for. A third of it went into indexes, a tenth into foreign keys:
-- checking one is a query for each row, which locks the row it finds. These tables are rebuilt from the journal and compared with it
-- (`devsquad verify`, I8 and T2 among its questions), as edges and attempts have been from the beginning.

SET LOCAL ROLE devsquad_owner;

-- An event is found by its number. Its id is made of the clock and of chance.
ALTER TABLE orchestration_events DROP CONSTRAINT orchestration_events_organization_id_id_key;

-- An edge is found by its ends, an assignment by its workflow and agent; by their ids nobody asks for either.
ALTER TABLE task_dependencies
    DROP CONSTRAINT task_dependencies_pkey,
    DROP CONSTRAINT task_dependencies_organization_id_parent_task_id_child_task_key,
    ADD PRIMARY KEY (organization_id, parent_task_id, child_task_id);
ALTER TABLE agent_assignments
    DROP CONSTRAINT agent_assignments_pkey,
    DROP CONSTRAINT agent_assignments_organization_id_workflow_id_agent_id_key,
    ADD PRIMARY KEY (organization_id, workflow_id, agent_id),
    DROP CONSTRAINT agent_assignments_organization_id_workflow_id_fkey,
    DROP CONSTRAINT agent_assignments_organization_id_agent_id_fkey;
ALTER TABLE workflow_tasks DROP CONSTRAINT workflow_tasks_organization_id_workflow_id_fkey;

-- Rows of one workflow lie together and change together: with room for all of them on their page, no index is touched (HOT).
ALTER TABLE workflow_tasks SET (fillfactor = 50);
ALTER TABLE task_dependencies SET (fillfactor = 50);
ALTER TABLE agent_assignments SET (fillfactor = 50);

-- Whose key it is, and which: compared byte by byte whatever the order of texts in this database is.
ALTER TABLE idempotency_keys
    ALTER COLUMN principal TYPE text COLLATE "C",
    ALTER COLUMN key TYPE text COLLATE "C";

-- What the planner believes about them, once more (0008): an index made anew has it forget, and statistics of one row have it believe
-- that a page holds one. With two hundred, which are gone at the end, it looks rows up by their keys from the first page on.
SELECT set_config('request.jwt.claims', '{"organization_id": "00000000-0000-0000-0000-000000000000"}', true);
INSERT INTO organizations (id, name) VALUES ('00000000-0000-0000-0000-000000000000', 'statistics');
INSERT INTO agents (organization_id, id, name, adapter, capacity, status, presence, created_at)
SELECT '00000000-0000-0000-0000-000000000000', gen_random_uuid(), n::text, 'http', 0, 'retired', 'offline', now() FROM generate_series(1, 200) AS n;
INSERT INTO orchestration_workflows (organization_id, id, project_id, workflow_name, workflow_type, status, priority, created_at, updated_at)
SELECT '00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), '', '', 'draft', 'low', now(), now() FROM generate_series(1, 200);
INSERT INTO workflow_tasks (organization_id, id, workflow_id, ordinal, task_key, task_name, task_type, status, updated_at)
SELECT '00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), 0, '', '', '', 'blocked', now() FROM generate_series(1, 200);
INSERT INTO task_dependencies (organization_id, id, workflow_id, parent_task_id, child_task_id, dependency_type, status, created_at)
SELECT '00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'all_done', 'pending', now()
FROM generate_series(1, 200);
INSERT INTO attempts (organization_id, id, workflow_id, task_id, agent_id, fence, status, leased_at)
SELECT '00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 'running', now()
FROM generate_series(1, 200);
INSERT INTO agent_assignments (organization_id, id, workflow_id, agent_id, role, status, assigned_at)
SELECT '00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '', '', now() FROM generate_series(1, 200);
INSERT INTO quality_checkpoints (organization_id, id, workflow_id, task_id, checkpoint_type, title, generation, round, status, created_at)
SELECT '00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'approval', '', 1, 1, 'pending', now() FROM generate_series(1, 200);

ANALYZE agents, orchestration_workflows, workflow_tasks, task_dependencies, attempts, agent_assignments, quality_checkpoints;

DELETE FROM quality_checkpoints WHERE organization_id = '00000000-0000-0000-0000-000000000000';
DELETE FROM agent_assignments WHERE organization_id = '00000000-0000-0000-0000-000000000000';
DELETE FROM attempts WHERE organization_id = '00000000-0000-0000-0000-000000000000';
DELETE FROM task_dependencies WHERE organization_id = '00000000-0000-0000-0000-000000000000';
DELETE FROM workflow_tasks WHERE organization_id = '00000000-0000-0000-0000-000000000000';
DELETE FROM orchestration_workflows WHERE organization_id = '00000000-0000-0000-0000-000000000000';
DELETE FROM agents WHERE organization_id = '00000000-0000-0000-0000-000000000000';
DELETE FROM organizations WHERE id = '00000000-0000-0000-0000-000000000000';
SELECT set_config('request.jwt.claims', '', true);

RESET ROLE;

-- What the planner believes about organizations.
--
-- Every query names its organization, so every index begins with it, and the planner has to know that this tells it little: most rows
-- belong to the same one. Of a table without statistics it assumes two hundred organizations, and then rather walks through all rows of
-- one than look up the few that are named; at each tick, until autovacuum first analyses the table. So it is told here, once and for
-- good (`n_distinct`), and given statistics to find it in: those of one row, which is gone at the end.

SET LOCAL ROLE devsquad_owner;

ALTER TABLE agents ALTER COLUMN organization_id SET (n_distinct = 1);
ALTER TABLE orchestration_workflows ALTER COLUMN organization_id SET (n_distinct = 1);
ALTER TABLE workflow_tasks ALTER COLUMN organization_id SET (n_distinct = 1);
ALTER TABLE task_dependencies ALTER COLUMN organization_id SET (n_distinct = 1);
ALTER TABLE attempts ALTER COLUMN organization_id SET (n_distinct = 1);
ALTER TABLE agent_assignments ALTER COLUMN organization_id SET (n_distinct = 1);
ALTER TABLE quality_checkpoints ALTER COLUMN organization_id SET (n_distinct = 1);
ALTER TABLE orchestration_events ALTER COLUMN organization_id SET (n_distinct = 1);

SELECT set_config('request.jwt.claims', '{"organization_id": "00000000-0000-0000-0000-000000000000"}', true);
INSERT INTO organizations (id, name) VALUES ('00000000-0000-0000-0000-000000000000', 'statistics');
INSERT INTO agents (organization_id, id, name, adapter, capacity, status, presence, created_at)
VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), '', 'http', 0, 'retired', 'offline', now());
INSERT INTO orchestration_workflows (organization_id, id, project_id, workflow_name, workflow_type, status, priority, created_at, updated_at)
VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), '', '', 'draft', 'low', now(), now());
INSERT INTO workflow_tasks (organization_id, id, workflow_id, ordinal, task_key, task_name, task_type, status, updated_at)
VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), 0, '', '', '', 'blocked', now());
INSERT INTO task_dependencies (organization_id, id, workflow_id, parent_task_id, child_task_id, dependency_type, status, created_at)
VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'all_done', 'pending', now());
INSERT INTO attempts (organization_id, id, workflow_id, task_id, agent_id, fence, status, leased_at)
VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 'running', now());
INSERT INTO agent_assignments (organization_id, id, workflow_id, agent_id, role, status, assigned_at)
VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '', '', now());
INSERT INTO quality_checkpoints (organization_id, id, workflow_id, task_id, checkpoint_type, title, generation, round, status, created_at)
VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'approval', '', 1, 1, 'pending', now());

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

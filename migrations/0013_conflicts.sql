-- Conflicts between agents: rows of agent_coordination that the engine writes.

SET LOCAL ROLE devsquad_owner;

-- What they disagree about is one task. Other kinds of coordination may be about a workflow as a whole.
ALTER TABLE agent_coordination ADD COLUMN task_id uuid;
ALTER TABLE agent_coordination ADD FOREIGN KEY (organization_id, task_id)
    REFERENCES workflow_tasks (organization_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE agent_coordination ADD CONSTRAINT agent_coordination_conflict CHECK (coordination_type <> 'conflict' OR (
    task_id IS NOT NULL AND coordinator_agent_id <> coordinated_agent_id
    AND status IN ('open', 'escalated', 'resolved', 'cancelled')));

COMMENT ON COLUMN agent_coordination.metadata IS
    'Of a conflict: subject, attempt, proposals (by, text, at), step of escalation, resolution, resolved_by, ended_at.';

-- The newest first, and those of a task that are still open.
CREATE INDEX agent_coordination_created ON agent_coordination (organization_id, created_at);
CREATE INDEX agent_coordination_open ON agent_coordination (organization_id, task_id)
    WHERE coordination_type = 'conflict' AND status IN ('open', 'escalated');

RESET ROLE;

-- Chat channels of every purpose, not of workflows alone: which skill one is of, which are over; and from which line of the journal
-- on the chat was told, so that `devsquad verify` can ask for every message that is due, and for no other.

SET LOCAL ROLE devsquad_owner;

ALTER TABLE stream_chat_integration
    ADD COLUMN skill       text,                                   -- of a skill's channel; its id holds the skill shortened
    ADD COLUMN archived_at timestamptz;                            -- set: what it was for is over
COMMENT ON COLUMN stream_chat_integration.purpose IS 'project, workflow, skill, coordination, emergency, approvals, progress, direct';

ALTER TABLE chat_bookmarks
    ADD COLUMN began_seq bigint NOT NULL DEFAULT 0 CHECK (began_seq >= 0); -- lines up to this one were never told

-- What is there already: no tenant is current here, so the owner must see all of them for a moment.
ALTER TABLE chat_bookmarks NO FORCE ROW LEVEL SECURITY;
ALTER TABLE stream_chat_integration NO FORCE ROW LEVEL SECURITY;
ALTER TABLE orchestration_workflows NO FORCE ROW LEVEL SECURITY;
-- What was told so far was told by other rules: workflows' channels only.
UPDATE chat_bookmarks SET began_seq = posted_seq;
UPDATE stream_chat_integration AS c SET archived_at = w.completed_at
FROM orchestration_workflows AS w
WHERE w.organization_id = c.organization_id AND w.id = c.workflow_id AND c.purpose = 'workflow' AND w.completed_at IS NOT NULL;
ALTER TABLE orchestration_workflows FORCE ROW LEVEL SECURITY;
ALTER TABLE stream_chat_integration FORCE ROW LEVEL SECURITY;
ALTER TABLE chat_bookmarks FORCE ROW LEVEL SECURITY;

RESET ROLE;

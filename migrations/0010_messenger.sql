-- What the chat was told. The journal itself is the outbox: a line of it is there when, and only when, its tick is committed. The
-- messenger reads on from its bookmark.

SET LOCAL ROLE devsquad_owner;

CREATE TABLE chat_bookmarks (
    organization_id uuid PRIMARY KEY REFERENCES organizations (id),
    posted_seq      bigint NOT NULL CHECK (posted_seq >= 0),       -- the last line of the journal that the chat was told
    posted_at       timestamptz NOT NULL
);
COMMENT ON TABLE chat_bookmarks IS 'How far the messenger has told the chat what stands in the journal.';
CALL devsquad.protect('chat_bookmarks');
GRANT SELECT, INSERT, UPDATE ON chat_bookmarks TO devsquad_app;
GRANT SELECT ON chat_bookmarks TO devsquad_reader;

CREATE TABLE chat_dead_letters (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    message_id      text NOT NULL,
    seq             bigint NOT NULL,                               -- the line of the journal it is about
    channel_id      text NOT NULL,
    reason          text NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (organization_id, message_id)
);
COMMENT ON TABLE chat_dead_letters IS 'Messages that the chat refused for good; those behind them were sent all the same.';
CALL devsquad.protect('chat_dead_letters');
GRANT SELECT, INSERT, DELETE ON chat_dead_letters TO devsquad_app;
GRANT SELECT ON chat_dead_letters TO devsquad_reader;

RESET ROLE;

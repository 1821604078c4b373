-- The embedded chat server: users, channels, messages, and what belongs to them.
--
-- This schema stands outside the tenants' row-level security, on purpose. It belongs to a chat server which an installation could as
-- well rent from somebody else: it has one application, knows no organization and no workflow, and is reached with the keys of that
-- application only. What keeps it apart is a role of its own: devsquad_chat sees this schema and nothing else, and no other role of
-- ours sees this schema. Both are asked at every start (server/src/store/check.rs). Who may see which channel is decided by the chat
-- server (server/src/chat/embedded/), as it would be there.
--
-- Documents are put together here (`user_json`, `message_json`, …), in the form in which they travel: one statement gives a page of
-- messages with everything that belongs to them. What clients added to an object of theirs (`custom`) stands beside the named fields
-- and never over them. Moments come in as arguments; nothing here asks the clock.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'devsquad_chat') THEN
        BEGIN
            CREATE ROLE devsquad_chat NOLOGIN NOINHERIT NOCREATEDB NOCREATEROLE;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this installation was faster
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the role "devsquad_chat" is missing and "%" may not create roles', current_user
                    USING ERRCODE = 'insufficient_privilege',
                          HINT = 'Let an administrator run: CREATE ROLE devsquad_chat NOLOGIN NOINHERIT; GRANT devsquad_chat TO devsquad_login;';
        END;
    END IF;
    IF NOT pg_catalog.pg_has_role('devsquad_login', 'devsquad_chat', 'MEMBER') THEN
        BEGIN
            GRANT devsquad_chat TO devsquad_login;
        EXCEPTION
            WHEN unique_violation THEN
                NULL; -- another database of this installation was faster
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION '"%" may not grant the role "devsquad_chat" to "devsquad_login"', current_user
                    USING ERRCODE = 'insufficient_privilege',
                          HINT = 'Let an administrator run: GRANT devsquad_chat TO devsquad_login;';
        END;
    END IF;
END
$$;

CREATE SCHEMA chat;
GRANT USAGE, CREATE ON SCHEMA chat TO devsquad_owner;
GRANT USAGE ON SCHEMA chat TO devsquad_chat;

SET LOCAL ROLE devsquad_owner;

CREATE TABLE chat.app (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    settings jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE chat.app IS 'Settings of the one application: webhook and revocation of tokens.';
INSERT INTO chat.app DEFAULT VALUES;

CREATE TABLE chat.users (
    id                          text PRIMARY KEY,
    role                        text NOT NULL DEFAULT 'user',
    teams                       text[] NOT NULL DEFAULT '{}',
    custom                      jsonb NOT NULL DEFAULT '{}',
    created_at                  timestamptz NOT NULL,
    updated_at                  timestamptz NOT NULL,
    deactivated_at              timestamptz,
    deleted_at                  timestamptz,
    revoke_tokens_issued_before timestamptz
);
COMMENT ON TABLE chat.users IS 'People and agents as the chat knows them. Name and image are custom fields.';

CREATE TABLE chat.roles (
    name       text PRIMARY KEY,
    custom     boolean NOT NULL,                               -- made by a client, not built in
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE chat.roles IS 'Roles which users and members can have.';

CREATE TABLE chat.commands (
    name        text PRIMARY KEY,
    description text NOT NULL,
    args        text NOT NULL DEFAULT '',
    set         text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
COMMENT ON TABLE chat.commands IS 'Slash commands that channel types can offer.';

CREATE TABLE chat.channel_types (
    name       text PRIMARY KEY,
    config     jsonb NOT NULL,                                 -- features and limits, by the names they have on the wire
    commands   text[] NOT NULL DEFAULT '{}',
    grants     jsonb NOT NULL,                                 -- role → names of permissions
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE chat.channel_types IS 'What the channels of a type can do, and what each role may do in them.';

CREATE TABLE chat.channels (
    type            text NOT NULL REFERENCES chat.channel_types (name),
    id              text NOT NULL,
    created_by_id   text REFERENCES chat.users (id) ON DELETE SET NULL,
    team            text NOT NULL DEFAULT '',
    custom          jsonb NOT NULL DEFAULT '{}',
    frozen          boolean NOT NULL DEFAULT false,
    disabled        boolean NOT NULL DEFAULT false,
    cooldown        integer NOT NULL DEFAULT 0,                -- seconds between two messages of a member
    last_message_at timestamptz,
    truncated_at    timestamptz,
    deleted_at      timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (type, id)
);
COMMENT ON TABLE chat.channels IS 'Channels.';
CREATE INDEX ON chat.channels (last_message_at DESC NULLS LAST);

CREATE TABLE chat.members (
    channel_type         text NOT NULL,
    channel_id           text NOT NULL,
    user_id              text NOT NULL REFERENCES chat.users (id) ON DELETE CASCADE,
    channel_role         text NOT NULL DEFAULT 'channel_member',
    custom               jsonb NOT NULL DEFAULT '{}',
    last_read            timestamptz NOT NULL,                 -- what came before it is read
    last_read_message_id text,
    hidden               boolean NOT NULL DEFAULT false,
    cleared_at           timestamptz,                          -- messages before it are not shown to this member
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    PRIMARY KEY (channel_type, channel_id, user_id),
    FOREIGN KEY (channel_type, channel_id) REFERENCES chat.channels (type, id) ON DELETE CASCADE
);
COMMENT ON TABLE chat.members IS 'Who belongs to a channel, as what, and how far they have read it.';
CREATE INDEX ON chat.members (user_id);

CREATE TABLE chat.polls (
    id            text PRIMARY KEY,
    created_by_id text REFERENCES chat.users (id) ON DELETE SET NULL,
    name          text NOT NULL,
    description   text NOT NULL DEFAULT '',
    settings      jsonb NOT NULL,                              -- is_closed, enforce_unique_vote, … by their names on the wire
    custom        jsonb NOT NULL DEFAULT '{}',
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);
COMMENT ON TABLE chat.polls IS 'Questions with options.';

CREATE TABLE chat.poll_options (
    poll_id text NOT NULL REFERENCES chat.polls (id) ON DELETE CASCADE,
    id      text NOT NULL,
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    text    text NOT NULL,
    custom  jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (poll_id, id)
);
COMMENT ON TABLE chat.poll_options IS 'What can be voted for, in order of ordinal.';

CREATE TABLE chat.poll_votes (
    poll_id     text NOT NULL REFERENCES chat.polls (id) ON DELETE CASCADE,
    id          text NOT NULL,
    user_id     text NOT NULL REFERENCES chat.users (id) ON DELETE CASCADE,
    option_id   text,
    answer_text text,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (poll_id, id),
    FOREIGN KEY (poll_id, option_id) REFERENCES chat.poll_options (poll_id, id) ON DELETE CASCADE,
    UNIQUE (poll_id, user_id, option_id),
    CHECK ((option_id IS NULL) <> (answer_text IS NULL))
);
COMMENT ON TABLE chat.poll_votes IS 'Votes for an option, and answers in words.';

CREATE TABLE chat.messages (
    id                text PRIMARY KEY,
    seq               bigint GENERATED ALWAYS AS IDENTITY,     -- orders messages of the same moment
    channel_type      text NOT NULL,
    channel_id        text NOT NULL,
    user_id           text NOT NULL REFERENCES chat.users (id) ON DELETE CASCADE,
    type              text NOT NULL CHECK (type IN ('regular', 'reply', 'system', 'deleted')),
    text              text NOT NULL DEFAULT '',
    command           text,
    parent_id         text REFERENCES chat.messages (id) ON DELETE CASCADE,
    show_in_channel   boolean NOT NULL DEFAULT false,
    quoted_message_id text REFERENCES chat.messages (id) ON DELETE SET NULL,
    poll_id           text REFERENCES chat.polls (id) ON DELETE SET NULL,
    attachments       jsonb NOT NULL DEFAULT '[]',
    mentioned_users   text[] NOT NULL DEFAULT '{}',
    silent            boolean NOT NULL DEFAULT false,
    custom            jsonb NOT NULL DEFAULT '{}',
    pinned_at         timestamptz,
    pinned_by_id      text,
    pin_expires       timestamptz,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    text_updated_at   timestamptz,
    deleted_at        timestamptz,
    words             tsvector GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED,
    FOREIGN KEY (channel_type, channel_id) REFERENCES chat.channels (type, id) ON DELETE CASCADE,
    CHECK ((parent_id IS NULL) OR type IN ('reply', 'deleted', 'system'))
);
COMMENT ON TABLE chat.messages IS 'Messages and replies. A thread is a message with replies.';
CREATE INDEX ON chat.messages (channel_type, channel_id, created_at, seq);
CREATE INDEX ON chat.messages (parent_id, created_at, seq) WHERE parent_id IS NOT NULL;
CREATE INDEX ON chat.messages (channel_type, channel_id, pinned_at) WHERE pinned_at IS NOT NULL;
CREATE INDEX ON chat.messages (poll_id) WHERE poll_id IS NOT NULL;
CREATE INDEX ON chat.messages (user_id);
CREATE INDEX ON chat.messages (quoted_message_id) WHERE quoted_message_id IS NOT NULL;
CREATE INDEX ON chat.messages USING gin (words);

CREATE TABLE chat.reactions (
    message_id text NOT NULL REFERENCES chat.messages (id) ON DELETE CASCADE,
    user_id    text NOT NULL REFERENCES chat.users (id) ON DELETE CASCADE,
    type       text NOT NULL,
    score      integer NOT NULL DEFAULT 1,
    custom     jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, user_id, type)
);
COMMENT ON TABLE chat.reactions IS 'Reactions: one of a type for each user.';
CREATE INDEX ON chat.reactions (user_id);

CREATE TABLE chat.threads (
    message_id text PRIMARY KEY REFERENCES chat.messages (id) ON DELETE CASCADE,
    title      text NOT NULL DEFAULT '',
    custom     jsonb NOT NULL DEFAULT '{}',
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE chat.threads IS 'What clients said of a thread. The thread itself is its messages.';

CREATE TABLE chat.thread_reads (
    message_id text NOT NULL REFERENCES chat.messages (id) ON DELETE CASCADE,
    user_id    text NOT NULL REFERENCES chat.users (id) ON DELETE CASCADE,
    last_read  timestamptz NOT NULL,
    PRIMARY KEY (message_id, user_id)
);
COMMENT ON TABLE chat.thread_reads IS 'How far somebody has read a thread.';

CREATE TABLE chat.tasks (
    id         uuid PRIMARY KEY,
    status     text NOT NULL,
    result     jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
COMMENT ON TABLE chat.tasks IS 'Work on many objects that was asked for, and what came of it.';

CREATE TABLE chat.deliveries (
    id         uuid PRIMARY KEY,
    seq        bigint GENERATED ALWAYS AS IDENTITY,
    url        text NOT NULL,
    body       text NOT NULL,                                  -- as it is signed
    attempts   integer NOT NULL DEFAULT 0,
    next_at    timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON TABLE chat.deliveries IS 'Webhooks that are still to be delivered. What was delivered, or tried often enough, is gone.';
CREATE INDEX ON chat.deliveries (next_at, seq);

CREATE FUNCTION chat.user_json(u chat.users) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT u.custom || jsonb_strip_nulls(jsonb_build_object(
        'id', u.id, 'role', u.role, 'teams', u.teams, 'created_at', u.created_at, 'updated_at', u.updated_at,
        'deactivated_at', u.deactivated_at, 'deleted_at', u.deleted_at,
        'revoke_tokens_issued_before', u.revoke_tokens_issued_before, 'banned', false, 'online', false))
$$;

CREATE FUNCTION chat.user_json(wanted text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT chat.user_json(u) FROM chat.users AS u WHERE u.id = wanted
$$;

CREATE FUNCTION chat.type_json(t chat.channel_types) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT t.config || jsonb_build_object(
        'name', t.name, 'created_at', t.created_at, 'updated_at', t.updated_at,
        'commands', coalesce((SELECT jsonb_agg(to_jsonb(c) ORDER BY c.name) FROM chat.commands AS c WHERE c.name = ANY (t.commands)), '[]'))
$$;

CREATE FUNCTION chat.channel_json(c chat.channels) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT c.custom || jsonb_strip_nulls(jsonb_build_object(
        'id', c.id, 'type', c.type, 'cid', c.type || ':' || c.id, 'team', nullif(c.team, ''), 'frozen', c.frozen,
        'disabled', c.disabled, 'cooldown', nullif(c.cooldown, 0), 'last_message_at', c.last_message_at,
        'truncated_at', c.truncated_at, 'deleted_at', c.deleted_at, 'created_at', c.created_at, 'updated_at', c.updated_at,
        'member_count', (SELECT count(*) FROM chat.members AS m WHERE m.channel_type = c.type AND m.channel_id = c.id)))
        || jsonb_build_object(
        'created_by', chat.user_json(c.created_by_id),
        'config', (SELECT chat.type_json(t) FROM chat.channel_types AS t WHERE t.name = c.type))
$$;

CREATE FUNCTION chat.member_json(m chat.members) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT m.custom || jsonb_build_object(
        'user_id', m.user_id, 'user', chat.user_json(m.user_id), 'channel_role', m.channel_role,
        'role', CASE m.channel_role WHEN 'channel_moderator' THEN 'moderator' ELSE 'member' END,
        'created_at', m.created_at, 'updated_at', m.updated_at, 'banned', false, 'shadow_banned', false, 'notifications_muted', false)
$$;

-- Own messages, silent ones, deleted ones and replies that stand in their thread only are never unread.
CREATE FUNCTION chat.unread(m chat.members) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT count(*) FROM chat.messages AS x
    WHERE x.channel_type = m.channel_type AND x.channel_id = m.channel_id AND x.created_at > m.last_read
      AND x.user_id <> m.user_id AND NOT x.silent AND x.deleted_at IS NULL AND (x.parent_id IS NULL OR x.show_in_channel)
$$;

CREATE FUNCTION chat.read_json(m chat.members) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'last_read', m.last_read, 'last_read_message_id', m.last_read_message_id, 'unread_messages', chat.unread(m)))
        || jsonb_build_object('user', chat.user_json(m.user_id))
$$;

CREATE FUNCTION chat.reaction_json(r chat.reactions) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT r.custom || jsonb_build_object(
        'message_id', r.message_id, 'user_id', r.user_id, 'user', chat.user_json(r.user_id), 'type', r.type, 'score', r.score,
        'created_at', r.created_at, 'updated_at', r.updated_at)
$$;

CREATE FUNCTION chat.option_json(o chat.poll_options) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT o.custom || jsonb_build_object('id', o.id, 'text', o.text)
$$;

CREATE FUNCTION chat.vote_json(v chat.poll_votes) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'id', v.id, 'poll_id', v.poll_id, 'user_id', v.user_id, 'option_id', v.option_id, 'answer_text', v.answer_text,
        'is_answer', v.answer_text IS NOT NULL, 'created_at', v.created_at, 'updated_at', v.updated_at))
        || jsonb_build_object('user', chat.user_json(v.user_id))
$$;

-- Votes of an anonymous poll name nobody.
CREATE FUNCTION chat.poll_json(p chat.polls, viewer text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    WITH votes AS (SELECT v.*, chat.vote_json(v) - CASE p.settings ->> 'voting_visibility' WHEN 'anonymous' THEN '{user,user_id}'::text[]
                                                   ELSE '{}' END AS document
                   FROM chat.poll_votes AS v WHERE v.poll_id = p.id)
    SELECT p.custom || p.settings || jsonb_build_object(
        'id', p.id, 'name', p.name, 'description', p.description, 'created_by_id', p.created_by_id,
        'created_by', chat.user_json(p.created_by_id), 'created_at', p.created_at, 'updated_at', p.updated_at,
        'options', coalesce((SELECT jsonb_agg(chat.option_json(o) ORDER BY o.ordinal) FROM chat.poll_options AS o WHERE o.poll_id = p.id), '[]'),
        'vote_count', (SELECT count(*) FROM votes WHERE option_id IS NOT NULL),
        'answers_count', (SELECT count(*) FROM votes WHERE option_id IS NULL),
        'vote_counts_by_option', coalesce((SELECT jsonb_object_agg(option_id, n)
            FROM (SELECT option_id, count(*) AS n FROM votes WHERE option_id IS NOT NULL GROUP BY option_id) AS counted), '{}'),
        'latest_votes_by_option', coalesce((SELECT jsonb_object_agg(option_id, latest)
            FROM (SELECT option_id, jsonb_agg(document ORDER BY created_at DESC) AS latest
                  FROM (SELECT *, row_number() OVER (PARTITION BY option_id ORDER BY created_at DESC) AS nth
                        FROM votes WHERE option_id IS NOT NULL) AS numbered
                  WHERE nth <= 10 GROUP BY option_id) AS grouped), '{}'),
        'latest_answers', coalesce((SELECT jsonb_agg(document ORDER BY created_at DESC)
            FROM (SELECT * FROM votes WHERE option_id IS NULL ORDER BY created_at DESC LIMIT 10) AS answers), '[]'),
        'own_votes', coalesce((SELECT jsonb_agg(chat.vote_json(v) ORDER BY v.created_at)
                               FROM chat.poll_votes AS v WHERE v.poll_id = p.id AND v.user_id = viewer), '[]'))
$$;

-- Of a deleted message a user sees that it was there; the server's side (no viewer) sees what it was.
CREATE FUNCTION chat.message_json(m chat.messages, viewer text, now timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN gone THEN '{}' ELSE m.custom END || jsonb_strip_nulls(jsonb_build_object(
        'id', m.id, 'cid', m.channel_type || ':' || m.channel_id, 'type', m.type, 'text', CASE WHEN gone THEN '' ELSE m.text END,
        'command', m.command, 'parent_id', m.parent_id,
        'show_in_channel', CASE WHEN m.parent_id IS NOT NULL THEN m.show_in_channel END,
        'quoted_message_id', m.quoted_message_id, 'poll_id', m.poll_id, 'silent', m.silent, 'shadowed', false,
        'pinned', is_pinned, 'pinned_at', CASE WHEN is_pinned THEN m.pinned_at END,
        'pin_expires', CASE WHEN is_pinned THEN m.pin_expires END,
        'created_at', m.created_at, 'updated_at', m.updated_at, 'message_text_updated_at', m.text_updated_at,
        'deleted_at', m.deleted_at,
        'reply_count', CASE WHEN m.parent_id IS NULL THEN (SELECT count(*) FROM chat.messages AS r WHERE r.parent_id = m.id AND r.deleted_at IS NULL) END))
        || jsonb_build_object(
        'user', chat.user_json(m.user_id), 'attachments', CASE WHEN gone THEN '[]' ELSE m.attachments END,
        'mentioned_users', coalesce((SELECT jsonb_agg(chat.user_json(u) ORDER BY u.id) FROM chat.users AS u WHERE u.id = ANY (m.mentioned_users)), '[]'),
        'latest_reactions', coalesce((SELECT jsonb_agg(chat.reaction_json(r) ORDER BY r.updated_at DESC)
            FROM (SELECT * FROM chat.reactions AS a WHERE a.message_id = m.id ORDER BY a.updated_at DESC LIMIT 10) AS l
            JOIN chat.reactions AS r ON (r.message_id, r.user_id, r.type) = (l.message_id, l.user_id, l.type)), '[]'),
        'own_reactions', coalesce((SELECT jsonb_agg(chat.reaction_json(r) ORDER BY r.updated_at DESC)
            FROM chat.reactions AS r WHERE r.message_id = m.id AND r.user_id = viewer), '[]'),
        'reaction_counts', coalesce((SELECT jsonb_object_agg(type, n)
            FROM (SELECT type, count(*) AS n FROM chat.reactions WHERE message_id = m.id GROUP BY type) AS counted), '{}'),
        'reaction_scores', coalesce((SELECT jsonb_object_agg(type, n)
            FROM (SELECT type, sum(score) AS n FROM chat.reactions WHERE message_id = m.id GROUP BY type) AS summed), '{}'))
        || CASE WHEN is_pinned THEN jsonb_build_object('pinned_by', chat.user_json(m.pinned_by_id)) ELSE '{}' END
        || CASE WHEN m.parent_id IS NULL THEN jsonb_build_object('thread_participants', coalesce(
            (SELECT jsonb_agg(chat.user_json(u) ORDER BY u.id) FROM chat.users AS u
             WHERE u.id IN (SELECT r.user_id FROM chat.messages AS r WHERE r.parent_id = m.id)), '[]')) ELSE '{}' END
        || CASE WHEN m.poll_id IS NOT NULL THEN jsonb_build_object(
            'poll', (SELECT chat.poll_json(p, viewer) FROM chat.polls AS p WHERE p.id = m.poll_id)) ELSE '{}' END
        || CASE WHEN m.quoted_message_id IS NOT NULL THEN jsonb_build_object('quoted_message',
            (SELECT jsonb_build_object('id', q.id, 'type', q.type, 'text', CASE WHEN q.deleted_at IS NULL THEN q.text ELSE '' END,
                                       'user', chat.user_json(q.user_id), 'created_at', q.created_at, 'updated_at', q.updated_at,
                                       'attachments', CASE WHEN q.deleted_at IS NULL THEN q.attachments ELSE '[]' END)
             FROM chat.messages AS q WHERE q.id = m.quoted_message_id)) ELSE '{}' END
    FROM (SELECT m.deleted_at IS NOT NULL AND viewer IS NOT NULL AS gone,
                 m.pinned_at IS NOT NULL AND (m.pin_expires IS NULL OR m.pin_expires > now) AS is_pinned) AS facts
$$;

GRANT SELECT, UPDATE ON chat.app TO devsquad_chat;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    chat.users, chat.roles, chat.commands, chat.channel_types, chat.channels, chat.members, chat.polls, chat.poll_options, chat.poll_votes,
    chat.messages, chat.reactions, chat.threads, chat.thread_reads, chat.deliveries
    TO devsquad_chat;
GRANT SELECT, INSERT ON chat.tasks TO devsquad_chat;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA chat FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA chat TO devsquad_chat;

RESET ROLE;

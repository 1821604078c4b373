-- The chat's documents, planned once for each connection instead of once for each document, and a message that looks at no member.
--
-- A function in SQL that asks a table is planned anew in each statement that calls it, which took more of the time of most calls than
-- everything else in them. In PL/pgSQL its plan is kept. What the functions give is as it was (0009).

SET LOCAL ROLE devsquad_owner;

-- Each message shows its channel again to those who hid it, who are few and mostly nobody.
CREATE INDEX members_hidden ON chat.members (channel_type, channel_id) WHERE hidden;

CREATE OR REPLACE FUNCTION chat.user_json(wanted text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT chat.user_json(u) FROM chat.users AS u WHERE u.id = wanted);
END
$$;

CREATE OR REPLACE FUNCTION chat.type_json(t chat.channel_types) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT t.config || jsonb_build_object(
            'name', t.name, 'created_at', t.created_at, 'updated_at', t.updated_at,
            'commands', coalesce((SELECT jsonb_agg(to_jsonb(c) ORDER BY c.name) FROM chat.commands AS c WHERE c.name = ANY (t.commands)), '[]')));
END
$$;

CREATE OR REPLACE FUNCTION chat.channel_json(c chat.channels) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT c.custom || jsonb_strip_nulls(jsonb_build_object(
            'id', c.id, 'type', c.type, 'cid', c.type || ':' || c.id, 'team', nullif(c.team, ''), 'frozen', c.frozen,
            'disabled', c.disabled, 'cooldown', nullif(c.cooldown, 0), 'last_message_at', c.last_message_at,
            'truncated_at', c.truncated_at, 'deleted_at', c.deleted_at, 'created_at', c.created_at, 'updated_at', c.updated_at,
            'member_count', (SELECT count(*) FROM chat.members AS m WHERE m.channel_type = c.type AND m.channel_id = c.id)))
            || jsonb_build_object(
            'created_by', chat.user_json(c.created_by_id),
            'config', (SELECT chat.type_json(t) FROM chat.channel_types AS t WHERE t.name = c.type)));
END
$$;

-- Own messages, silent ones, deleted ones and replies that stand in their thread only are never unread.
CREATE OR REPLACE FUNCTION chat.unread(m chat.members) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT count(*) FROM chat.messages AS x
        WHERE x.channel_type = m.channel_type AND x.channel_id = m.channel_id AND x.created_at > m.last_read
          AND x.user_id <> m.user_id AND NOT x.silent AND x.deleted_at IS NULL AND (x.parent_id IS NULL OR x.show_in_channel));
END
$$;

-- Votes of an anonymous poll name nobody.
CREATE OR REPLACE FUNCTION chat.poll_json(p chat.polls, viewer text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
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
                                   FROM chat.poll_votes AS v WHERE v.poll_id = p.id AND v.user_id = viewer), '[]')));
END
$$;

-- Of a deleted message a user sees that it was there; the server's side (no viewer) sees what it was.
CREATE OR REPLACE FUNCTION chat.message_json(m chat.messages, viewer text, now timestamptz) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
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
                     m.pinned_at IS NOT NULL AND (m.pin_expires IS NULL OR m.pin_expires > now) AS is_pinned) AS facts);
END
$$;

RESET ROLE;

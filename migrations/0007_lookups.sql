-- Before a tenant is known: who is behind this cookie, this token, this address?
--
-- Row-level security shows nothing without a tenant, so these questions go through functions that run as devsquad_definer, which
-- sees the identity tables and nothing else. Each asks for one thing by an exact value that only its holder has; none can list.
-- Only devsquad_worker may call them. Time comes in as an argument: the server has one clock. search_path is pinned, and every
-- name is written in full, so that no object of the caller's can stand in for one of ours.

SET LOCAL ROLE devsquad_owner;

GRANT SELECT, INSERT ON users, memberships TO devsquad_definer;
GRANT UPDATE (password_hash, disabled_at) ON users TO devsquad_definer;
GRANT SELECT ON organizations, api_tokens, invitations TO devsquad_definer;
GRANT UPDATE (accepted_at) ON invitations TO devsquad_definer;
GRANT UPDATE (last_used_at) ON api_tokens TO devsquad_definer;
GRANT SELECT, INSERT, DELETE ON sessions, sign_in_links TO devsquad_definer;
GRANT UPDATE (last_seen_at, expires_at) ON sessions TO devsquad_definer;
GRANT UPDATE (used_at) ON sign_in_links TO devsquad_definer;

CREATE POLICY lookup ON users TO devsquad_definer USING (true) WITH CHECK (true);
CREATE POLICY lookup ON memberships TO devsquad_definer USING (true) WITH CHECK (true);
CREATE POLICY lookup ON organizations FOR SELECT TO devsquad_definer USING (true);
CREATE POLICY lookup ON api_tokens TO devsquad_definer USING (true) WITH CHECK (true);
CREATE POLICY lookup ON invitations TO devsquad_definer USING (true) WITH CHECK (true);
CREATE POLICY lookup ON sessions TO devsquad_definer USING (true) WITH CHECK (true);
CREATE POLICY lookup ON sign_in_links TO devsquad_definer USING (true) WITH CHECK (true);

-- The functions are made by the role they run as; it may make none afterwards.
RESET ROLE;
GRANT CREATE ON SCHEMA devsquad TO devsquad_definer;
SET LOCAL ROLE devsquad_definer;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA devsquad GRANT EXECUTE ON FUNCTIONS TO devsquad_worker;

-- ── sessions ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE FUNCTION devsquad.session_by_token(hash bytea, at timestamptz)
    RETURNS TABLE (user_id uuid, organization_id uuid, role text, email text, display_name text,
                   created_at timestamptz, last_seen_at timestamptz, expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT s.user_id, s.organization_id, m.role, u.email, u.display_name, s.created_at, s.last_seen_at, s.expires_at
        FROM public.sessions AS s
        JOIN public.users AS u ON u.id = s.user_id
        JOIN public.memberships AS m ON m.organization_id = s.organization_id AND m.user_id = s.user_id
        WHERE s.token_hash = hash AND s.expires_at > at AND u.disabled_at IS NULL
    $$;
COMMENT ON FUNCTION devsquad.session_by_token IS 'Whose browser this is, unless it expired, the person is disabled or no longer a member.';

-- A session is for a member; for anybody else nothing is made and false comes back.
CREATE FUNCTION devsquad.start_session(
        hash bytea, session_user_id uuid, session_organization_id uuid, at timestamptz, until timestamptz, agent text)
    RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        WITH made AS (
            INSERT INTO public.sessions (token_hash, user_id, organization_id, created_at, last_seen_at, expires_at, user_agent)
            SELECT hash, m.user_id, m.organization_id, at, at, until, agent
            FROM public.memberships AS m
            JOIN public.users AS u ON u.id = m.user_id AND u.disabled_at IS NULL
            WHERE m.user_id = session_user_id AND m.organization_id = session_organization_id
            RETURNING 1
        )
        SELECT EXISTS (SELECT FROM made)
    $$;

CREATE FUNCTION devsquad.touch_session(hash bytea, at timestamptz, until timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ UPDATE public.sessions SET last_seen_at = at, expires_at = until WHERE token_hash = hash AND expires_at > at $$;

CREATE FUNCTION devsquad.end_session(hash bytea) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ DELETE FROM public.sessions WHERE token_hash = hash $$;

CREATE FUNCTION devsquad.end_sessions_of_user(whose uuid) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ WITH ended AS (DELETE FROM public.sessions WHERE user_id = whose RETURNING 1) SELECT count(*) FROM ended $$;

CREATE FUNCTION devsquad.forget_expired(at timestamptz) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        WITH ended_sessions AS (DELETE FROM public.sessions WHERE expires_at <= at RETURNING 1),
             ended_links AS (DELETE FROM public.sign_in_links WHERE expires_at <= at RETURNING 1)
        SELECT (SELECT count(*) FROM ended_sessions) + (SELECT count(*) FROM ended_links)
    $$;
COMMENT ON FUNCTION devsquad.forget_expired IS 'Sweeps sessions and links that are of no more use, in all organizations.';

-- ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE FUNCTION devsquad.user_by_email(address text)
    RETURNS TABLE (id uuid, email text, display_name text, password_hash text, disabled_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT u.id, u.email, u.display_name, u.password_hash, u.disabled_at
        FROM public.users AS u WHERE lower(u.email) = lower(address)
    $$;
COMMENT ON FUNCTION devsquad.user_by_email IS 'For signing in: the only place where a password hash can be read.';

CREATE FUNCTION devsquad.memberships_of_user(whose uuid)
    RETURNS TABLE (organization_id uuid, organization_name text, role text, created_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT m.organization_id, o.name, m.role, m.created_at
        FROM public.memberships AS m JOIN public.organizations AS o ON o.id = m.organization_id
        WHERE m.user_id = whose ORDER BY m.created_at, m.organization_id
    $$;

-- False: the address is taken.
CREATE FUNCTION devsquad.create_user(new_id uuid, address text, name text, hash text, at timestamptz) RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        WITH made AS (
            INSERT INTO public.users (id, email, display_name, password_hash, created_at)
            VALUES (new_id, address, name, hash, at)
            ON CONFLICT DO NOTHING RETURNING 1
        )
        SELECT EXISTS (SELECT FROM made)
    $$;

CREATE FUNCTION devsquad.set_password(whose uuid, hash text) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ UPDATE public.users SET password_hash = hash WHERE id = whose $$;

-- Disabling ends every session at once; null enables again.
CREATE FUNCTION devsquad.set_disabled(whose uuid, at timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        DELETE FROM public.sessions WHERE user_id = whose AND at IS NOT NULL;
        UPDATE public.users SET disabled_at = at WHERE id = whose;
    $$;

-- ── sign-in links ───────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE FUNCTION devsquad.create_sign_in_link(
        hash bytea, link_user_id uuid, link_organization_id uuid, at timestamptz, until timestamptz)
    RETURNS boolean
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        WITH made AS (
            INSERT INTO public.sign_in_links (token_hash, user_id, organization_id, created_at, expires_at)
            SELECT hash, m.user_id, m.organization_id, at, until
            FROM public.memberships AS m
            JOIN public.users AS u ON u.id = m.user_id AND u.disabled_at IS NULL
            WHERE m.user_id = link_user_id AND m.organization_id = link_organization_id
            RETURNING 1
        )
        SELECT EXISTS (SELECT FROM made)
    $$;

-- Uses the link up: of two browsers opening it at once, one is signed in.
CREATE FUNCTION devsquad.take_sign_in_link(hash bytea, at timestamptz)
    RETURNS TABLE (user_id uuid, organization_id uuid)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        UPDATE public.sign_in_links AS l SET used_at = at
        WHERE l.token_hash = hash AND l.used_at IS NULL AND l.expires_at > at
        RETURNING l.user_id, l.organization_id
    $$;

-- ── bearer tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────────
-- A person's token is worth what the person is worth: nothing once they are disabled or have left.
CREATE FUNCTION devsquad.api_token_by_hash(hash bytea, at timestamptz)
    RETURNS TABLE (id uuid, organization_id uuid, name text, kind text, agent_id uuid, user_id uuid, role text, scopes text[],
                   last_used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT t.id, t.organization_id, t.name, t.kind, t.agent_id, t.user_id, t.role, t.scopes, t.last_used_at
        FROM public.api_tokens AS t
        WHERE t.token_hash = hash AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > at)
          AND (t.user_id IS NULL OR EXISTS (
                SELECT FROM public.memberships AS m
                JOIN public.users AS u ON u.id = m.user_id AND u.disabled_at IS NULL
                WHERE m.organization_id = t.organization_id AND m.user_id = t.user_id))
    $$;

CREATE FUNCTION devsquad.touch_api_token(hash bytea, at timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ UPDATE public.api_tokens SET last_used_at = at WHERE token_hash = hash $$;

-- ── invitations ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
CREATE FUNCTION devsquad.invitation_by_token(hash bytea, at timestamptz)
    RETURNS TABLE (id uuid, organization_id uuid, organization_name text, email text, role text, expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT i.id, i.organization_id, o.name, i.email, i.role, i.expires_at
        FROM public.invitations AS i JOIN public.organizations AS o ON o.id = i.organization_id
        WHERE i.token_hash = hash AND i.accepted_at IS NULL AND i.expires_at > at
    $$;

-- Uses the invitation up and makes its person a member; who already is one keeps the role they have. No row: not, or no more, valid,
-- or meant for another address.
CREATE FUNCTION devsquad.accept_invitation(hash bytea, accepting_user_id uuid, at timestamptz)
    RETURNS TABLE (organization_id uuid, role text)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        WITH accepted AS (
            UPDATE public.invitations AS i SET accepted_at = at
            FROM public.users AS u
            WHERE i.token_hash = hash AND i.accepted_at IS NULL AND i.expires_at > at
              AND u.id = accepting_user_id AND u.disabled_at IS NULL AND lower(u.email) = lower(i.email)
            RETURNING i.organization_id, i.role
        ), joined AS (
            INSERT INTO public.memberships (organization_id, user_id, role, created_at)
            SELECT a.organization_id, accepting_user_id, a.role, at FROM accepted AS a
            ON CONFLICT DO NOTHING
        )
        SELECT a.organization_id, coalesce(m.role, a.role)
        FROM accepted AS a
        LEFT JOIN public.memberships AS m ON m.organization_id = a.organization_id AND m.user_id = accepting_user_id
    $$;

RESET ROLE;
REVOKE CREATE ON SCHEMA devsquad FROM devsquad_definer;

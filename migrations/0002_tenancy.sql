-- Organizations and people: who is a tenant, who belongs to it, and by which token they are known.

SET LOCAL ROLE devsquad_owner;

-- Nothing of ours is callable by everybody, unless it says so.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- The tenant of the running transaction. It is read from the setting PostgREST and Supabase use, so that the same policies
-- serve their tokens: `organization_id` at the top, or `app_metadata.organization_id` (never `user_metadata`: users write that).
-- No claims: null, and a policy comparing with null shows no row. It is one expression without a FROM, which PostgreSQL puts in place of
-- the call: a tick asks some twenty times, and a function called costs ten times the expression.
CREATE FUNCTION devsquad.current_organization() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(
        nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb ->> 'organization_id',
        nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb #>> '{app_metadata,organization_id}'
    )::uuid;

-- The person on whose behalf the transaction runs; null for agents, timers and the server itself.
CREATE FUNCTION devsquad.current_user_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid;

GRANT EXECUTE ON FUNCTION devsquad.current_organization(), devsquad.current_user_id() TO PUBLIC;

-- Every table is protected by this one procedure, in the migration that makes it: row-level security on, for the owner too, and
-- a policy that shows and accepts the rows of the current tenant only. `(SELECT …)` lets PostgreSQL ask once per statement.
CREATE PROCEDURE devsquad.protect(protected regclass, tenant_column name DEFAULT 'organization_id')
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', protected);
    EXECUTE format(
        'CREATE POLICY tenant ON %s USING (%I = (SELECT devsquad.current_organization())) WITH CHECK (%I = (SELECT devsquad.current_organization()))',
        protected, tenant_column, tenant_column);
END
$$;

-- ── organizations: the tenants ──────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE organizations (
    id         uuid PRIMARY KEY,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    settings   jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE organizations IS 'Tenants. Everything else belongs to exactly one of them.';
CALL devsquad.protect('organizations', 'id');
GRANT SELECT, INSERT ON organizations TO devsquad_app;
GRANT UPDATE (name, settings) ON organizations TO devsquad_app;
GRANT SELECT ON organizations TO devsquad_reader;
-- Between tenants the server needs to know which tenants there are, and nothing about them.
GRANT SELECT (id, created_at) ON organizations TO devsquad_worker;
CREATE POLICY worker_sees_ids ON organizations FOR SELECT TO devsquad_worker USING (true);

-- ── projects: areas of work within an organization ──────────────────────────────────────────────────────────────────────────
CREATE TABLE projects (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, id)
);
COMMENT ON TABLE projects IS 'Areas of work within an organization.';
CALL devsquad.protect('projects');
GRANT SELECT, INSERT, UPDATE, DELETE ON projects TO devsquad_app;
GRANT SELECT ON projects TO devsquad_reader;

-- ── users: people, once each, whatever organizations they belong to ─────────────────────────────────────────────────────────
CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
    display_name  text NOT NULL CHECK (length(display_name) BETWEEN 1 AND 200),
    password_hash text,                                            -- argon2id, PHC string; null: signs in by link only
    created_at    timestamptz NOT NULL DEFAULT now(),
    disabled_at   timestamptz                                      -- set: no session or token of this person is honoured
);
COMMENT ON TABLE users IS 'People. The only table without a tenant: one person may belong to several organizations.';
CREATE UNIQUE INDEX users_email ON users (lower(email));

-- ── memberships: which person has which role in which organization ──────────────────────────────────────────────────────────
CREATE TABLE memberships (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    user_id         uuid NOT NULL REFERENCES users (id),
    role            text NOT NULL CHECK (role IN ('owner', 'admin', 'reviewer', 'operator', 'viewer')),
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, user_id)
);
COMMENT ON TABLE memberships IS 'Which person has which role in which organization.';
CREATE INDEX memberships_user ON memberships (user_id);
CALL devsquad.protect('memberships');
GRANT SELECT, INSERT, UPDATE, DELETE ON memberships TO devsquad_app;
GRANT SELECT ON memberships TO devsquad_reader;

-- A tenant sees the people who are its members. Nobody reads a password's hash except the look-up made for signing in.
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON users FOR SELECT USING (
    EXISTS (
        SELECT FROM memberships AS m
        WHERE m.organization_id = (SELECT devsquad.current_organization()) AND m.user_id = users.id
    )
);
-- A person edits their own name and nobody else's.
CREATE POLICY own_profile ON users FOR UPDATE
    USING (id = (SELECT devsquad.current_user_id())) WITH CHECK (id = (SELECT devsquad.current_user_id()));
GRANT SELECT (id, email, display_name, created_at, disabled_at) ON users TO devsquad_app, devsquad_reader;
GRANT UPDATE (display_name) ON users TO devsquad_app;

-- ── tokens: only their sha256 is ever stored ────────────────────────────────────────────────────────────────────────────────
CREATE TABLE invitations (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    email           text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
    role            text NOT NULL CHECK (role IN ('owner', 'admin', 'reviewer', 'operator', 'viewer')),
    token_hash      bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_by      uuid REFERENCES users (id),
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    accepted_at     timestamptz,
    PRIMARY KEY (organization_id, id)
);
COMMENT ON TABLE invitations IS 'Offers to join an organization, each good for one person and one use.';
CALL devsquad.protect('invitations');
GRANT SELECT, INSERT, DELETE ON invitations TO devsquad_app;
GRANT UPDATE (accepted_at, expires_at) ON invitations TO devsquad_app;
GRANT SELECT (organization_id, id, email, role, created_by, created_at, expires_at, accepted_at) ON invitations TO devsquad_reader;

CREATE TABLE sessions (
    token_hash      bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id         uuid NOT NULL REFERENCES users (id),
    organization_id uuid NOT NULL REFERENCES organizations (id),
    created_at      timestamptz NOT NULL,
    last_seen_at    timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    user_agent      text NOT NULL DEFAULT ''
);
COMMENT ON TABLE sessions IS 'Browsers signed in, each in one organization. Made and renewed by functions only; a tenant lists and ends its own.';
CREATE INDEX sessions_organization ON sessions (organization_id, user_id);
CREATE INDEX sessions_user ON sessions (user_id);
CALL devsquad.protect('sessions');
GRANT SELECT, DELETE ON sessions TO devsquad_app;
GRANT SELECT (user_id, organization_id, created_at, last_seen_at, expires_at, user_agent) ON sessions TO devsquad_reader;

CREATE TABLE sign_in_links (
    token_hash      bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id         uuid NOT NULL REFERENCES users (id),
    organization_id uuid NOT NULL REFERENCES organizations (id),
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz
);
COMMENT ON TABLE sign_in_links IS 'Links that sign a person in once: first set-up, recovery, no password at all.';
CREATE INDEX sign_in_links_organization ON sign_in_links (organization_id, user_id);
CALL devsquad.protect('sign_in_links');
GRANT SELECT, DELETE ON sign_in_links TO devsquad_app;
GRANT SELECT (user_id, organization_id, created_at, expires_at, used_at) ON sign_in_links TO devsquad_reader;

CREATE TABLE api_tokens (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    token_hash      bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    kind            text NOT NULL CHECK (kind IN ('agent', 'person')),
    agent_id        uuid,                                          -- kind 'agent'; two may be live, for rotation
    user_id         uuid REFERENCES users (id),                    -- kind 'person'; null: a script of the organization
    role            text CHECK (role IN ('owner', 'admin', 'reviewer', 'operator', 'viewer')),
    scopes          text[] NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz,
    last_used_at    timestamptz,
    revoked_at      timestamptz,
    PRIMARY KEY (organization_id, id),
    CHECK ((kind = 'agent') = (agent_id IS NOT NULL)),
    CHECK ((kind = 'person') = (role IS NOT NULL))
);
COMMENT ON TABLE api_tokens IS 'Bearer tokens of agents and of people''s scripts.';
CREATE INDEX api_tokens_agent ON api_tokens (organization_id, agent_id);
CALL devsquad.protect('api_tokens');
GRANT SELECT, INSERT, DELETE ON api_tokens TO devsquad_app;
GRANT UPDATE (name, scopes, expires_at, last_used_at, revoked_at) ON api_tokens TO devsquad_app;
GRANT SELECT (organization_id, id, name, kind, agent_id, user_id, role, scopes, created_at, expires_at, last_used_at, revoked_at)
    ON api_tokens TO devsquad_reader;

RESET ROLE;

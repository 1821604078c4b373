-- Who may do what in this database.
--
--   devsquad_owner    owns every table and function; nobody logs in as it. Row-level security is FORCEd, so it binds the owner too.
--   devsquad_definer  owns the few SECURITY DEFINER look-ups (a session by its token, …) that run before a tenant is known.
--                     It sees the identity tables and nothing else, so a mistake in a look-up cannot reach a workflow.
--   devsquad_login    what the server logs in as. NOINHERIT: until it takes one of the three roles below it can read nothing.
--   devsquad_app      what a writing transaction of one tenant becomes.
--   devsquad_reader   what a reading transaction of one tenant becomes; it has no right to write anything.
--   devsquad_worker   what the server is between tenants: ids of organizations, who runs their engine, and the look-ups.
--
-- Roles belong to the whole PostgreSQL installation, not to one database, so each is made only if it is missing, and two
-- databases may be migrated at once. Whoever runs the migrations must be allowed to create roles, or find them there already.

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT *
        FROM (VALUES
            ('devsquad_owner',   'NOLOGIN'),
            ('devsquad_definer', 'NOLOGIN'),
            ('devsquad_app',     'NOLOGIN'),
            ('devsquad_reader',  'NOLOGIN'),
            ('devsquad_worker',  'NOLOGIN'),
            ('devsquad_login',   'LOGIN')
        ) AS roles (name, login)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted.name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I %s NOINHERIT NOCREATEDB NOCREATEROLE', wanted.name, wanted.login);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN
                    NULL; -- another database of this installation was faster
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION 'the role "%" is missing and "%" may not create roles', wanted.name, current_user
                        USING ERRCODE = 'insufficient_privilege',
                              HINT = format('Let an administrator run: CREATE ROLE %I %s NOINHERIT; for each of devsquad_owner, '
                                            'devsquad_definer, devsquad_app, devsquad_reader, devsquad_worker (NOLOGIN) and '
                                            'devsquad_login (LOGIN), and GRANT devsquad_owner, devsquad_definer, devsquad_login TO %I; '
                                            'GRANT devsquad_app, devsquad_reader, devsquad_worker TO devsquad_login.',
                                            wanted.name, wanted.login, current_user);
            END;
        END IF;
    END LOOP;
END
$$;

-- Whoever migrates must be able to become the owner (a superuser is already), and the server any of its three roles.
DO $$
DECLARE
    membership record;
    -- Since PostgreSQL 16 who made a role is a member of it but may not yet become it.
    may_become text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOR membership IN
        SELECT *
        FROM (VALUES
            ('devsquad_owner',   current_user::text),
            ('devsquad_definer', current_user::text),
            ('devsquad_login',   current_user::text), -- to be confined to it where nobody can log in as it
            ('devsquad_app',     'devsquad_login'),
            ('devsquad_reader',  'devsquad_login'),
            ('devsquad_worker',  'devsquad_login')
        ) AS memberships (role, member)
    LOOP
        IF NOT pg_catalog.pg_has_role(membership.member, membership.role, may_become) THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I', membership.role, membership.member);
            EXCEPTION
                WHEN unique_violation THEN
                    NULL; -- another database of this installation was faster
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION '"%" may not grant the role "%" to "%"', current_user, membership.role, membership.member
                        USING ERRCODE = 'insufficient_privilege',
                              HINT = format('Let an administrator run: GRANT %I TO %I;', membership.role, membership.member);
            END;
        END IF;
    END LOOP;
END
$$;

-- The owner needs a place for tables (public, as Supabase has it) and one for functions (devsquad).
CREATE SCHEMA IF NOT EXISTS devsquad;
GRANT USAGE, CREATE ON SCHEMA public, devsquad TO devsquad_owner;
GRANT USAGE ON SCHEMA public, devsquad TO devsquad_definer, devsquad_app, devsquad_reader, devsquad_worker;

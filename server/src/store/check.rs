//! What must be true of the server and of the schema before anything is promised on top of them.
//!
//! `devsquad serve` asks all of it at start and refuses to run otherwise; `tests/schema.rs` asks the same of the migrations.

use anyhow::{Context as _, bail};
use sqlx::{PgConnection, Row as _};

/// The oldest patch level of each major version that is safe under row-level security (CVE-2024-10976, CVE-2025-8713 and those
/// before them). A major version not listed is newer than all of these.
const PATCHED: [(u32, u32); 3] = [(15, 14), (16, 10), (17, 6)];
/// The first major version with everything the schema uses.
pub const MAJOR_MIN: u32 = 15;

/// Whether a version is good enough; if not, the sentence that says why.
pub fn judge_version(major: u32, minor: u32, accept_unpatched: bool) -> Result<(), String> {
    if major < MAJOR_MIN {
        return Err(format!("PostgreSQL {major}.{minor} is too old: {MAJOR_MIN} or newer is needed"));
    }
    match PATCHED.iter().find(|(of, _)| *of == major) {
        Some((_, patched)) if minor < *patched && !accept_unpatched => Err(format!(
            "PostgreSQL {major}.{minor} has known holes in row-level security: {major}.{patched} or newer is needed"
        )),
        _ => Ok(()),
    }
}

/// Refuses a server that is too old.
pub async fn version(connection: &mut PgConnection, accept_unpatched: bool) -> anyhow::Result<()> {
    let number: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int")
        .fetch_one(connection)
        .await
        .context("asking for the version")?;
    let number = u32::try_from(number).context("a negative version")?;
    judge_version(number / 10_000, number % 10_000, accept_unpatched).map_err(anyhow::Error::msg)
}

/// Refuses a server that acknowledges what is not on disk.
pub async fn durability(connection: &mut PgConnection) -> anyhow::Result<()> {
    let unsafe_settings: Vec<String> = sqlx::query_scalar(
        "SELECT name || '=' || setting FROM pg_settings
         WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
         ORDER BY name",
    )
    .fetch_all(connection)
    .await
    .context("asking for the durability settings")?;
    if !unsafe_settings.is_empty() {
        bail!(
            "PostgreSQL runs with {}: it would confirm what a power cut loses. Switch it on again, or use another server",
            unsafe_settings.join(", ")
        );
    }
    Ok(())
}

/// Refuses to run with a login that could see more than one tenant at a time.
pub async fn login(connection: &mut PgConnection) -> anyhow::Result<()> {
    let row = sqlx::query(
        "SELECT current_user::text AS name,
                (SELECT rolsuper OR rolbypassrls OR rolinherit FROM pg_roles WHERE rolname = current_user) AS powerful,
                EXISTS (SELECT FROM pg_class AS c
                        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
                          AND c.relowner = 'devsquad_owner'::regrole
                          AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE')) AS reads",
    )
    .fetch_one(connection)
    .await
    .context("asking who we are")?;
    let name: String = row.try_get("name")?;
    if row.try_get("powerful")? || row.try_get("reads")? {
        bail!("the server would run as \"{name}\", which is not confined to one tenant; use devsquad_login");
    }
    Ok(())
}

/// Rules every table and function of the schema keeps, each a query for what breaks it. `devsquad_owner` owns all that is ours, so a
/// foreign table in the same schema is not looked at, except by the test.
const CATALOG_RULES: &[(&str, &str)] = &[
    (
        "row-level security is enabled and forced on every table",
        "SELECT c.relname::text FROM pg_class AS c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relowner = 'devsquad_owner'::regrole
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    ),
    (
        "every table has a policy that compares with the current organization",
        "SELECT c.relname::text FROM pg_class AS c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relowner = 'devsquad_owner'::regrole
           AND NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid
                           AND pg_get_expr(p.polqual, p.polrelid) LIKE '%devsquad.current_organization()%')",
    ),
    (
        "no other policy is open to a role that acts within a tenant",
        "SELECT c.relname || '.' || p.polname FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid
         WHERE c.relowner = 'devsquad_owner'::regrole
           AND (p.polroles && ARRAY[0, 'devsquad_app'::regrole, 'devsquad_reader'::regrole, 'devsquad_owner'::regrole]::oid[])
           AND coalesce(pg_get_expr(p.polqual, p.polrelid), '') NOT LIKE '%devsquad.current_organization()%'
           AND coalesce(pg_get_expr(p.polqual, p.polrelid), '') NOT LIKE '%devsquad.current_user_id()%'",
    ),
    (
        "every table but users and organizations has organization_id, and it cannot be null",
        "SELECT c.relname::text FROM pg_class AS c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relowner = 'devsquad_owner'::regrole
           AND c.relname NOT IN ('users', 'organizations')
           AND NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'organization_id'
                           AND a.attnotnull AND a.atttypid = 'uuid'::regtype)",
    ),
    (
        "every table has an index that leads with the column of its policy",
        "SELECT c.relname::text FROM pg_class AS c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relowner = 'devsquad_owner'::regrole
           AND NOT EXISTS (SELECT FROM pg_index AS i
                           JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                           WHERE i.indrelid = c.oid AND i.indpred IS NULL
                             AND a.attname = CASE WHEN c.relname IN ('users', 'organizations') THEN 'id' ELSE 'organization_id' END)",
    ),
    (
        "the tables belong to a role nobody logs in as",
        "SELECT c.relname::text FROM pg_class AS c JOIN pg_roles AS r ON r.oid = c.relowner
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND r.rolname LIKE 'devsquad%' AND r.rolcanlogin",
    ),
    (
        "no role of ours is above row-level security, and none inherits",
        "SELECT rolname::text FROM pg_roles
         WHERE rolname LIKE 'devsquad\\_%' AND (rolsuper OR rolbypassrls OR rolinherit OR rolcreaterole OR rolcreatedb)",
    ),
    (
        "only devsquad_login logs in",
        "SELECT rolname::text FROM pg_roles
         WHERE rolname IN ('devsquad_owner', 'devsquad_definer', 'devsquad_app', 'devsquad_reader', 'devsquad_worker', 'devsquad_chat') AND rolcanlogin",
    ),
    (
        "the login becomes app, reader, worker and chat, never owner or definer",
        "SELECT rolname::text FROM pg_roles
         WHERE (rolname IN ('devsquad_app', 'devsquad_reader', 'devsquad_worker', 'devsquad_chat')) <> pg_has_role('devsquad_login', oid, 'MEMBER')
           AND rolname LIKE 'devsquad\\_%' AND rolname <> 'devsquad_login'",
    ),
    (
        "the journal is insert only",
        "SELECT r.rolname || ' may ' || privilege FROM pg_roles AS r,
                unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
         WHERE r.rolname IN ('devsquad_app', 'devsquad_reader', 'devsquad_worker', 'devsquad_definer', 'devsquad_login')
           AND has_table_privilege(r.oid, 'public.orchestration_events', privilege)",
    ),
    (
        "nobody truncates, and nobody makes triggers or foreign keys",
        "SELECT c.relname || ': ' || r.rolname FROM pg_class AS c, pg_roles AS r
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relowner = 'devsquad_owner'::regrole
           AND r.rolname IN ('devsquad_app', 'devsquad_reader', 'devsquad_worker', 'devsquad_definer', 'devsquad_login')
           AND has_table_privilege(r.oid, c.oid, 'TRUNCATE, REFERENCES, TRIGGER')",
    ),
    (
        "the reader writes nothing",
        "SELECT c.relname::text FROM pg_class AS c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relowner = 'devsquad_owner'::regrole
           AND (has_table_privilege('devsquad_reader', c.oid, 'DELETE') OR has_any_column_privilege('devsquad_reader', c.oid, 'INSERT, UPDATE'))",
    ),
    (
        "a password's hash is read by the look-up alone",
        "SELECT r.rolname::text FROM pg_roles AS r
         WHERE r.rolname IN ('devsquad_app', 'devsquad_reader', 'devsquad_worker', 'devsquad_login')
           AND has_column_privilege(r.oid, 'public.users', 'password_hash', 'SELECT')",
    ),
    (
        "functions that run as their owner pin search_path and belong to devsquad_definer",
        "SELECT p.oid::regprocedure::text FROM pg_proc AS p
         WHERE p.pronamespace IN ('public'::regnamespace, 'devsquad'::regnamespace) AND p.prosecdef
           AND p.proowner IN ('devsquad_owner'::regrole, 'devsquad_definer'::regrole)
           AND (p.proowner <> 'devsquad_definer'::regrole
                OR NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(p.proconfig, '{}')))",
    ),
    (
        "functions that run as their owner are called by the worker alone",
        "SELECT p.oid::regprocedure::text FROM pg_proc AS p
         WHERE p.pronamespace = 'devsquad'::regnamespace AND p.prosecdef
           AND (has_function_privilege('devsquad_app', p.oid, 'EXECUTE') OR has_function_privilege('devsquad_reader', p.oid, 'EXECUTE')
                OR has_function_privilege('devsquad_login', p.oid, 'EXECUTE') OR NOT has_function_privilege('devsquad_worker', p.oid, 'EXECUTE'))",
    ),
    (
        "views ask with the rights of who asks",
        "SELECT c.relname::text FROM pg_class AS c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('v', 'm') AND c.relowner = 'devsquad_owner'::regrole
           AND NOT 'security_invoker=true' = ANY (coalesce(c.reloptions, '{}'))",
    ),
    (
        // The chat's schema has no tenants. A role of its own keeps it apart, in both directions.
        "the chat's schema is seen by devsquad_chat alone, which sees nothing else",
        "SELECT r.rolname || ': ' || c.oid::regclass FROM pg_class AS c, pg_roles AS r
         WHERE c.relkind IN ('r', 'p') AND c.relowner = 'devsquad_owner'::regrole
           AND r.rolname IN ('devsquad_app', 'devsquad_reader', 'devsquad_worker', 'devsquad_definer', 'devsquad_login', 'devsquad_chat')
           AND (r.rolname = 'devsquad_chat') <> (c.relnamespace = 'chat'::regnamespace)
           AND (c.relnamespace = 'chat'::regnamespace OR r.rolname = 'devsquad_chat')
           AND (has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                OR has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE'))",
    ),
    (
        "nobody but the owner makes anything in our schemas",
        "SELECT r.rolname || ' in ' || n.nspname FROM pg_roles AS r, pg_namespace AS n
         WHERE n.nspname IN ('public', 'devsquad', 'chat')
           AND r.rolname IN ('devsquad_app', 'devsquad_reader', 'devsquad_worker', 'devsquad_definer', 'devsquad_login', 'devsquad_chat')
           AND has_schema_privilege(r.oid, n.oid, 'CREATE')",
    ),
];

/// Every rule of the catalog that is broken, and by what. Empty: all is well.
pub async fn catalog(connection: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for (rule, query) in CATALOG_RULES {
        let broken_by: Vec<String> = sqlx::query_scalar(*query)
            .fetch_all(&mut *connection)
            .await
            .with_context(|| format!("checking that {rule}"))?;
        findings.extend(broken_by.into_iter().map(|what| format!("{rule}: not so for {what}")));
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_with_known_holes_are_refused() {
        for (major, minor) in [(15, 14), (15, 18), (16, 10), (17, 6), (18, 0), (19, 1)] {
            assert_eq!(judge_version(major, minor, false), Ok(()), "{major}.{minor}");
        }
        for (major, minor) in [(9, 6), (14, 22), (15, 13), (16, 9), (17, 5)] {
            assert!(judge_version(major, minor, false).is_err(), "{major}.{minor}");
        }
        assert_eq!(judge_version(15, 8, true), Ok(()));
        assert!(judge_version(14, 22, true).is_err());
    }
}

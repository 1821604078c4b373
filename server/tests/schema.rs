//! The schema keeps tenants apart, whoever asks and whatever is asked; and the catalog says so of every table, the next one too.
//!
//! Two tenants with the same rows. Every table × role × verb is tried twice: on one's own row and on the other's. What a role may do
//! stands in [`RIGHTS`]; a table that is not listed there fails the test.

use std::collections::BTreeMap;

use anyhow::Context as _;
use server::store::testing::TestDatabase;
use server::store::{Tenant, check};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use uuid::Uuid;

const ACME: Uuid = Uuid::from_u128(0xAC);
const ZETA: Uuid = Uuid::from_u128(0x2E);

/// Table → what `devsquad_app` and `devsquad_reader` may do with their tenant's rows: (s)elect, (i)nsert, (u)pdate, (d)elete.
/// The other roles may do nothing to any, but for what [`WORKER_RIGHTS`] says.
const RIGHTS: &[(&str, &str, &str)] = &[
    ("agent_assignments", "siud", "s"),
    ("agent_coordination", "siud", "s"),
    ("agents", "siud", "s"),
    ("api_tokens", "siud", "s"),
    ("artifact_blobs", "sid", "s"),
    ("artifacts", "sid", "s"),
    ("attempt_logs", "sid", "s"),
    ("attempts", "siud", "s"),
    ("chat_bookmarks", "siu", "s"),
    ("chat_dead_letters", "sid", "s"),
    ("chat_inbox", "siud", "s"),
    ("chat_watermarks", "siu", "s"),
    ("engine_owners", "siu", "s"),
    ("engine_snapshots", "sid", "s"),
    ("idempotency_keys", "sid", "s"),
    ("invitations", "siud", "s"),
    ("memberships", "siud", "s"),
    ("orchestration_events", "si", "s"),
    ("orchestration_workflows", "siud", "s"),
    ("organizations", "siu", "s"),
    ("projects", "siud", "s"),
    ("quality_checkpoints", "siud", "s"),
    ("sessions", "sd", "s"),
    ("sign_in_links", "sd", "s"),
    ("stream_chat_integration", "siud", "s"),
    ("task_dependencies", "siud", "s"),
    ("task_questions", "siud", "s"),
    ("users", "su", "s"),
    ("workflow_tasks", "siud", "s"),
];
/// What `devsquad_worker` may do, across all tenants.
const WORKER_RIGHTS: &[(&str, &str)] = &[("engine_owners", "siu"), ("organizations", "s")];

/// One row for each table, of the tenant whose id is `$T` and whose other ids begin with `$P`. In an order the keys allow.
const ROWS: &[(&str, &str)] = &[
    ("organizations", "(id, name) VALUES ('$T', 'o')"),
    ("projects", "(organization_id, id, name) VALUES ('$T', '$P01', 'p')"),
    ("users", "(id, email, display_name, password_hash) VALUES ('$P02', '$P@example.org', 'Nora', 'secret')"),
    ("memberships", "(organization_id, user_id, role) VALUES ('$T', '$P02', 'owner')"),
    (
        "invitations",
        "(organization_id, id, email, role, token_hash, expires_at) VALUES ('$T', '$P03', 'a@b.c', 'viewer', sha256('i$P'), now())",
    ),
    (
        "sessions",
        "(organization_id, user_id, token_hash, created_at, last_seen_at, expires_at)
         VALUES ('$T', '$P02', sha256('s$P'), now(), now(), now() + interval '1 hour')",
    ),
    (
        "sign_in_links",
        "(organization_id, user_id, token_hash, created_at, expires_at) VALUES ('$T', '$P02', sha256('l$P'), now(), now())",
    ),
    ("agents", "(organization_id, id, name, adapter, capacity, status, presence, created_at) VALUES ('$T', '$P04', 'ada', 'http', 1, 'active', 'available', now())"),
    (
        "api_tokens",
        "(organization_id, id, token_hash, name, kind, agent_id, created_at) VALUES ('$T', '$P05', sha256('t$P'), 'n', 'agent', '$P04', now())",
    ),
    (
        "orchestration_workflows",
        "(organization_id, id, project_id, workflow_name, workflow_type, status, priority, created_at, updated_at)
         VALUES ('$T', '$P06', '$P01', 'w', 'custom', 'running', 'normal', now(), now())",
    ),
    (
        "workflow_tasks",
        "(organization_id, id, workflow_id, ordinal, task_key, task_name, task_type, status, updated_at)
         VALUES ('$T', '$P07', '$P06', 1, 'k', 'n', 'work', 'ready', now())",
    ),
    (
        "task_dependencies",
        "(organization_id, id, workflow_id, parent_task_id, child_task_id, dependency_type, status, created_at)
         VALUES ('$T', '$P08', '$P06', '$P07', '$P99', 'all_succeeded', 'open', now())",
    ),
    (
        "attempts",
        "(organization_id, id, workflow_id, task_id, agent_id, fence, status, leased_at) VALUES ('$T', '$P09', '$P06', '$P07', '$P04', 1, 'leased', now())",
    ),
    (
        "agent_assignments",
        "(organization_id, id, workflow_id, agent_id, role, status, assigned_at) VALUES ('$T', '$P10', '$P06', '$P04', 'worker', 'active', now())",
    ),
    (
        "orchestration_events",
        "(organization_id, seq, id, event_type, severity, actor, event_data, timestamp, hash) VALUES ('$T', 1, '$P11', 'e', 'low', '{}', '{}', now(), sha256(''))",
    ),
    ("idempotency_keys", "(organization_id, principal, key, fingerprint, answer, created_at) VALUES ('$T', 'p', 'k', '', '{}', now())"),
    ("engine_owners", "(organization_id, epoch, replica, taken_at, lease_until) VALUES ('$T', 1, '$P12', now(), now())"),
    ("engine_snapshots", "(organization_id, seq, epoch, state, created_at) VALUES ('$T', 1, 1, '', now())"),
    (
        "quality_checkpoints",
        "(organization_id, id, workflow_id, task_id, checkpoint_type, generation, round, status, created_at)
         VALUES ('$T', '$P13', '$P06', '$P07', 'approval', 1, 1, 'pending', now())",
    ),
    (
        "agent_coordination",
        "(organization_id, id, workflow_id, task_id, coordinator_agent_id, coordinated_agent_id, coordination_type, status, created_at,
             updated_at)
         VALUES ('$T', '$P14', '$P06', '$P07', '$P04', '$P98', 'conflict', 'open', now(), now())",
    ),
    (
        "stream_chat_integration",
        "(organization_id, id, channel_id, channel_type, purpose, created_at) VALUES ('$T', '$P15', 'c', 'team', 'project', now())",
    ),
    ("chat_bookmarks", "(organization_id, posted_seq, posted_at) VALUES ('$T', 1, now())"),
    (
        "chat_dead_letters",
        "(organization_id, message_id, seq, channel_id, reason, at) VALUES ('$T', 'm', 1, 'c', 'r', now())",
    ),
    ("chat_inbox", "(organization_id, id, event, said_at, received_at) VALUES ('$T', 'message:1', '{}', now(), now())"),
    ("chat_watermarks", "(organization_id, heard_at) VALUES ('$T', now())"),
    (
        "task_questions",
        "(organization_id, id, workflow_id, task_id, attempt_id, agent_id, question, asked_at)
         VALUES ('$T', '$P17', '$P06', '$P07', '$P09', '$P04', 'q', now())",
    ),
    ("artifact_blobs", "(organization_id, sha256, content) VALUES ('$T', sha256('x'), 'x')"),
    (
        "artifacts",
        "(organization_id, id, workflow_id, task_id, attempt_id, name, media_type, sha256, size_bytes, created_at)
         VALUES ('$T', '$P16', '$P06', '$P07', '$P09', 'a', 'text/plain', sha256('x'), 1, now())",
    ),
    ("attempt_logs", "(organization_id, attempt_id, line_no, at, stream, line) VALUES ('$T', '$P09', 1, now(), 'stdout', 'l')"),
];

/// A column the roles may update, where that is not every column; and one they may read, where that is not every one.
fn columns(table: &str) -> (&'static str, &'static str) {
    match table {
        "organizations" => ("name", "id"),
        "users" => ("display_name", "id"),
        "invitations" => ("accepted_at", "organization_id"),
        "api_tokens" => ("name", "organization_id"),
        "sessions" | "sign_in_links" => ("expires_at", "organization_id"),
        _ => ("organization_id", "organization_id"),
    }
}

fn row_of(tenant: Uuid, row: &str) -> String {
    let prefix = tenant.as_u128();
    row.replace("$T", &tenant.to_string()).replace("$P", &format!("{prefix:08x}-0000-0000-0000-0000000000"))
}

/// What says which tenant a row is of.
fn of_tenant(table: &str, tenant: Uuid) -> String {
    match table {
        "organizations" => format!("id = '{tenant}'"),
        "users" => format!("id = '{}'", row_of(tenant, "$P02")),
        _ => format!("organization_id = '{tenant}'"),
    }
}

async fn fill(admin: &mut PgConnection) -> anyhow::Result<()> {
    for tenant in [ACME, ZETA] {
        for (table, row) in ROWS {
            let statement = format!("INSERT INTO {table} {}", row_of(tenant, row));
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut *admin)
                .await
                .with_context(|| format!("filling {table}"))?;
        }
    }
    Ok(())
}

/// What came of a statement: how many rows it showed or changed, or the code of PostgreSQL's refusal.
async fn outcome(
    admin: &mut PgConnection,
    role: &str,
    tenant: Option<Uuid>,
    statement: &str,
) -> anyhow::Result<Result<u64, String>> {
    let claims =
        tenant.map(|id| format!(r#"{{"organization_id":"{id}","sub":"{}"}}"#, row_of(id, "$P02"))).unwrap_or_default();
    let mut tx = admin.begin().await?;
    // As the server does it: log in as the powerless role, then become another.
    sqlx::raw_sql("SET SESSION AUTHORIZATION devsquad_login; SET CONSTRAINTS ALL IMMEDIATE").execute(&mut *tx).await?;
    sqlx::query("SELECT set_config('request.jwt.claims', $1, true), set_config('role', $2, true)")
        .bind(claims)
        .bind(role)
        .execute(&mut *tx)
        .await?;
    let result = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut *tx).await;
    tx.rollback().await?;
    sqlx::raw_sql("RESET SESSION AUTHORIZATION").execute(&mut *admin).await?;
    Ok(match result {
        Ok(done) => Ok(done.rows_affected()),
        Err(sqlx::Error::Database(error)) => Err(error.code().unwrap_or_default().into_owned()),
        Err(error) => return Err(error.into()),
    })
}

/// The statement of a verb on the row of `owner`.
fn statement(verb: char, table: &str, row: &str, owner: Uuid) -> String {
    let (written, read) = columns(table);
    let its = of_tenant(table, owner);
    match verb {
        's' => format!("SELECT {read} FROM {table} WHERE {its}"),
        'i' => format!("INSERT INTO {table} {}", row_of(owner, row)),
        'u' => format!("UPDATE {table} SET {written} = {written} WHERE {its}"),
        _ => format!("DELETE FROM {table} WHERE {its}"),
    }
}

#[tokio::test]
async fn the_catalog_keeps_every_rule() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    let mut admin = database.admin().await?;
    assert_eq!(check::catalog(&mut admin).await?, [""; 0]);
    // The rules look at what devsquad_owner owns. Nothing else may lie in the schema.
    let foreign: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relowner <> 'devsquad_owner'::regrole",
    )
    .fetch_all(&mut admin)
    .await?;
    assert_eq!(foreign, [""; 0]);
    let uncommented: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'chat'::regnamespace) AND relkind = 'r'
         AND obj_description(oid, 'pg_class') IS NULL",
    )
    .fetch_all(&mut admin)
    .await?;
    assert_eq!(uncommented, [""; 0], "the schema explains itself");
    let sampled: Vec<String> = sqlx::query_scalar(
        "SELECT c.oid::regclass || '.' || a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
         WHERE c.relkind = 'r' AND c.relowner = 'devsquad_owner'::regrole AND a.attnum > 0 AND NOT a.attisdropped
           AND coalesce(a.attstattarget, -1) < 0",
    )
    .fetch_all(&mut admin)
    .await?;
    assert_eq!(sampled, [""; 0], "the migration that adds a column ends with CALL devsquad.sample_little()");
    Ok(())
}

#[tokio::test]
async fn the_catalogs_rules_find_what_they_are_for() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    let mut admin = database.admin().await?;
    let (owner, definer, superuser) = ("devsquad_owner", "devsquad_definer", "postgres");
    let mistakes = [
        (owner, "CREATE TABLE bare (organization_id uuid NOT NULL)", "row-level security"),
        (
            owner,
            "ALTER TABLE agents NO FORCE ROW LEVEL SECURITY",
            "enabled and forced on every table: not so for agents",
        ),
        (owner, "CREATE POLICY all_rows ON agents USING (true)", "no other policy is open"),
        (
            owner,
            "CREATE POLICY all_rows ON agents FOR SELECT TO devsquad_reader USING (true)",
            "no other policy is open",
        ),
        (owner, "DROP POLICY tenant ON attempts", "has a policy"),
        (
            owner,
            "CREATE TABLE late (id uuid PRIMARY KEY, organization_id uuid NOT NULL); CALL devsquad.protect('late')",
            "an index that leads",
        ),
        (owner, "CREATE TABLE loose (organization_id uuid UNIQUE); CALL devsquad.protect('loose')", "cannot be null"),
        (owner, "GRANT UPDATE ON orchestration_events TO devsquad_app", "insert only"),
        (owner, "GRANT TRUNCATE ON agents TO devsquad_app", "nobody truncates"),
        (owner, "GRANT SELECT ON users TO devsquad_reader", "a password's hash"),
        (owner, "GRANT UPDATE (name) ON agents TO devsquad_reader", "the reader writes nothing"),
        (
            owner,
            "CREATE FUNCTION devsquad.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
            "pin search_path",
        ),
        (definer, "GRANT EXECUTE ON FUNCTION devsquad.user_by_email TO devsquad_app", "called by the worker alone"),
        (owner, "CREATE VIEW everything AS SELECT * FROM agents", "views ask"),
        (owner, "GRANT SELECT ON chat.messages TO devsquad_app", "seen by devsquad_chat alone"),
        (owner, "GRANT SELECT ON agents TO devsquad_chat", "seen by devsquad_chat alone"),
        (superuser, "GRANT CREATE ON SCHEMA devsquad TO devsquad_app", "makes anything"),
        (superuser, "ALTER ROLE devsquad_app BYPASSRLS", "above row-level security"),
        (superuser, "ALTER TABLE agents OWNER TO devsquad_login", "a role nobody logs in as"),
        (superuser, "GRANT devsquad_owner TO devsquad_login", "never owner or definer"),
    ];
    for (role, mistake, finding) in mistakes {
        let mut tx = admin.begin().await?;
        let made = format!("SET LOCAL ROLE {role}; {mistake}; RESET ROLE");
        sqlx::raw_sql(AssertSqlSafe(made)).execute(&mut *tx).await.context(mistake)?;
        let findings = check::catalog(&mut tx).await?;
        assert!(findings.iter().any(|found| found.contains(finding)), "{mistake}: {findings:?}");
        tx.rollback().await?;
    }
    Ok(())
}

#[tokio::test]
async fn every_table_role_and_verb_within_and_across_tenants() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    let mut admin = database.admin().await?;
    fill(&mut admin).await?;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            .fetch_all(&mut admin)
            .await?;
    let rows: BTreeMap<_, _> = ROWS.iter().copied().collect();
    let listed: Vec<&str> = RIGHTS.iter().map(|(table, ..)| *table).collect();
    assert_eq!(tables, listed, "every table has its row in RIGHTS");

    let mut wrong = Vec::new();
    for (table, app, reader) in RIGHTS {
        let worker = WORKER_RIGHTS.iter().find(|(of, _)| of == table).map_or("", |(_, rights)| *rights);
        let row = rows.get(table).with_context(|| format!("no row for {table}"))?;
        for (role, rights, crosses) in [
            ("devsquad_app", *app, false),
            ("devsquad_reader", *reader, false),
            ("devsquad_worker", worker, true),
            ("devsquad_chat", "", false),
            ("devsquad_login", "", false),
        ] {
            for verb in ['s', 'i', 'u', 'd'] {
                let permitted = rights.contains(verb);
                for (tenant, owner) in [(Some(ACME), ACME), (Some(ACME), ZETA), (None, ACME)] {
                    let got = outcome(&mut admin, role, tenant, &statement(verb, table, row, owner)).await?;
                    let within = crosses || tenant == Some(owner);
                    // A row of one's own is there already, so inserting it again ends in a conflict of keys, past every policy.
                    let right = match (permitted, within, verb) {
                        (false, ..) => got == Err("42501".to_owned()),
                        (true, true, 'i') => got == Err("23505".to_owned()),
                        // Deleting what others refer to ends in a conflict as well, past every policy.
                        (true, true, 'd') => got == Ok(1) || got == Err("23503".to_owned()),
                        (true, true, _) => got == Ok(1),
                        (true, false, 'i') => got == Err("42501".to_owned()),
                        (true, false, _) => got == Ok(0),
                    };
                    if !right {
                        wrong.push(format!("{role} {verb} {table} as {tenant:?} on {owner}: {got:?}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[tokio::test]
async fn no_row_moves_to_another_tenant() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    let mut admin = database.admin().await?;
    fill(&mut admin).await?;
    for (table, app, _) in
        RIGHTS.iter().filter(|(table, app, _)| app.contains('u') && !["users", "organizations"].contains(table))
    {
        let moved = format!("UPDATE {table} SET organization_id = '{ZETA}' WHERE organization_id = '{ACME}'");
        let got = outcome(&mut admin, "devsquad_app", Some(ACME), &moved).await?;
        assert_eq!(got, Err("42501".to_owned()), "{table} {app}");
    }
    Ok(())
}

/// The constraint or code that refused a script run as superuser, in one transaction that is undone.
async fn refusal(admin: &mut PgConnection, script: &str) -> anyhow::Result<Option<String>> {
    let mut tx = admin.begin().await?;
    let script = format!("{}; SET CONSTRAINTS ALL IMMEDIATE", row_of(ACME, script));
    let result = sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut *tx).await;
    tx.rollback().await?;
    match result {
        Ok(_) => Ok(None),
        Err(sqlx::Error::Database(error)) => Ok(error.constraint().or(error.code().as_deref()).map(str::to_owned)),
        Err(error) => Err(error.into()),
    }
}

#[tokio::test]
async fn the_journal_is_insert_only_even_for_its_owner() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    let mut admin = database.admin().await?;
    fill(&mut admin).await?;
    for change in [
        "UPDATE orchestration_events SET severity = 'high'",
        "DELETE FROM orchestration_events",
        "TRUNCATE orchestration_events",
    ] {
        assert_eq!(refusal(&mut admin, change).await?.as_deref(), Some("42501"), "{change}");
        let by_owner = format!("SET LOCAL ROLE devsquad_owner; {change}");
        assert_eq!(refusal(&mut admin, &by_owner).await?.as_deref(), Some("42501"), "{by_owner}");
    }
    Ok(())
}

#[tokio::test]
async fn a_task_completes_only_past_its_checkpoints() -> anyhow::Result<()> {
    const TWO: &str = r#"[{"kind": "peer_review"}, {"kind": "approval"}]"#;
    let checkpoint = |id: u32, generation: u32, round: u32, status: &str| {
        format!(
            "INSERT INTO quality_checkpoints (organization_id, id, workflow_id, task_id, checkpoint_type, generation, round, status,
                                              created_at, decided_at)
             VALUES ('$T', '$P{id}', '$P06', '$P07', 'approval', {generation}, {round}, '{status}', now(),
                     CASE WHEN '{status}' <> 'pending' THEN now() END)"
        )
    };
    let database = TestDatabase::new().await?;
    let mut admin = database.admin().await?;
    fill(&mut admin).await?;
    sqlx::raw_sql("DELETE FROM quality_checkpoints").execute(&mut admin).await?;

    let refused = Some("completed_only_past_checkpoints".to_owned());
    let stories = [
        ("without checks", "[]", 1, vec![], None),
        ("none opened", TWO, 1, vec![], refused.clone()),
        ("one of two", TWO, 1, vec![checkpoint(50, 1, 1, "passed")], refused.clone()),
        ("both", TWO, 1, vec![checkpoint(50, 1, 1, "passed"), checkpoint(51, 1, 1, "waived")], None),
        ("one pending", TWO, 1, vec![checkpoint(50, 1, 1, "passed"), checkpoint(51, 1, 1, "pending")], refused.clone()),
        (
            "one cancelled",
            TWO,
            1,
            vec![checkpoint(50, 1, 1, "passed"), checkpoint(51, 1, 1, "cancelled")],
            refused.clone(),
        ),
        (
            "failed, then passed in the next round",
            TWO,
            1,
            vec![checkpoint(50, 1, 1, "failed"), checkpoint(51, 1, 2, "passed"), checkpoint(52, 1, 2, "passed")],
            None,
        ),
        (
            "passed in the round before only",
            TWO,
            1,
            vec![checkpoint(50, 1, 1, "passed"), checkpoint(51, 1, 1, "passed"), checkpoint(52, 1, 2, "passed")],
            refused.clone(),
        ),
        (
            "passed before it was done again",
            TWO,
            2,
            vec![checkpoint(50, 1, 1, "passed"), checkpoint(51, 1, 1, "passed")],
            refused,
        ),
    ];
    for (story, checks, generation, opened, expected) in stories {
        // The task first, its checkpoints after it: what counts is how things stand at the end.
        let script = format!(
            "UPDATE workflow_tasks SET checks = '{checks}', generation = {generation}, status = 'completed'
             WHERE organization_id = '$T'; {}",
            opened.join("; ")
        );
        assert_eq!(refusal(&mut admin, &script).await?, expected, "{story}");
    }
    Ok(())
}

/// Nobody has analysed these tables yet. Were the rows of the organization walked through instead, a tick would cost the more the more
/// of them there are.
#[tokio::test]
async fn rows_that_change_are_looked_up_by_their_keys_from_the_first_page_on() -> anyhow::Result<()> {
    const TABLES: [(&str, &str); 6] = [
        ("agents", "id"),
        ("orchestration_workflows", "id"),
        ("workflow_tasks", "id"),
        ("task_dependencies", "parent_task_id"),
        ("attempts", "id"),
        ("agent_assignments", "workflow_id"),
    ];
    let database = TestDatabase::new().await?;
    let mut admin = database.admin().await?;
    for (table, _) in TABLES {
        // What the migrations wrote and deleted takes no page any more.
        sqlx::raw_sql(AssertSqlSafe(format!("VACUUM {table}"))).execute(&mut admin).await?;
    }
    fill(&mut admin).await?;
    let mut tx = database.begin(&Tenant::system(ACME)).await?;
    for (table, key) in TABLES {
        let explain = format!(
            "PREPARE change_{table} AS UPDATE {table} AS t SET {key} = r.key FROM unnest($2::uuid[]) AS r (key)
             WHERE t.organization_id = $1 AND t.{key} = ANY ($2) AND t.{key} = r.key;
             EXPLAIN EXECUTE change_{table} ('{ACME}', '{{}}')"
        );
        let plan = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut *tx).await?;
        let plan: Vec<String> = plan.iter().map(|line| line.try_get(0)).collect::<Result<_, _>>()?;
        let by_key = format!("({key} = ANY");
        let looked_up = plan.iter().any(|line| line.contains("Index Cond:") && line.contains(&by_key));
        assert!(looked_up, "{table}:\n{}", plan.join("\n"));
    }
    Ok(())
}

#[tokio::test]
async fn one_attempt_works_on_a_task_at_a_time() -> anyhow::Result<()> {
    const NEXT: &str =
        "INSERT INTO attempts (organization_id, id, workflow_id, task_id, agent_id, fence, status, leased_at, purpose)
                        VALUES ('$T', '$P60', '$P06', '$P07', '$P04', 2, 'leased', now(), 'work')";
    const END: &str = "UPDATE attempts SET status = 'lost', ended_at = now() WHERE fence = 1";
    let database = TestDatabase::new().await?;
    let mut admin = database.admin().await?;
    fill(&mut admin).await?;
    assert_eq!(refusal(&mut admin, NEXT).await?.as_deref(), Some("attempts_one_live_per_task"));
    assert_eq!(refusal(&mut admin, &format!("{NEXT}; {END}")).await?, None, "in either order");
    assert_eq!(refusal(&mut admin, &format!("{END}; {NEXT}")).await?, None);
    assert_eq!(refusal(&mut admin, &NEXT.replace("'work'", "'review'")).await?, None, "a review goes beside it");
    assert_eq!(
        refusal(&mut admin, "UPDATE attempts SET status = 'lost'").await?.as_deref(),
        Some("attempts_live_has_no_end"),
        "an attempt that ended says when"
    );
    Ok(())
}

#[tokio::test]
async fn a_conflict_is_about_a_task_between_two_agents() -> anyhow::Result<()> {
    const REFUSED: Option<&str> = Some("agent_coordination_conflict");
    let database = TestDatabase::new().await?;
    let mut admin = database.admin().await?;
    fill(&mut admin).await?;
    for (change, refused) in [
        ("status = 'escalated'", None),
        ("status = 'handed over'", REFUSED),
        ("task_id = NULL", REFUSED),
        ("coordinated_agent_id = coordinator_agent_id", REFUSED),
        ("task_id = NULL, coordination_type = 'handoff', status = 'handed over'", None),
        ("task_id = gen_random_uuid()", Some("agent_coordination_organization_id_task_id_fkey")),
    ] {
        let found = refusal(&mut admin, &format!("UPDATE agent_coordination SET {change}")).await?;
        assert_eq!(found.as_deref(), refused, "{change}");
    }
    Ok(())
}

#[tokio::test]
async fn look_ups_answer_the_worker_about_one_exact_value() -> anyhow::Result<()> {
    const SESSION: &str = "SELECT user_id::text FROM devsquad.session_by_token(sha256('s$P'), now())";
    const TOKEN: &str = "SELECT agent_id::text FROM devsquad.api_token_by_hash(sha256('t$P'), now())";
    const LINK: &str = "SELECT user_id::text FROM devsquad.take_sign_in_link(sha256('l$P'), now() - interval '1 hour')";
    let database = TestDatabase::new().await?;
    let mut admin = database.admin().await?;
    fill(&mut admin).await?;
    for look_up in [SESSION, TOKEN, LINK] {
        let look_up = row_of(ACME, look_up);
        for role in ["devsquad_app", "devsquad_reader", "devsquad_login"] {
            assert_eq!(
                outcome(&mut admin, role, Some(ACME), &look_up).await?,
                Err("42501".to_owned()),
                "{role} {look_up}"
            );
        }
        assert_eq!(outcome(&mut admin, "devsquad_worker", None, &look_up).await?, Ok(1), "{look_up}");
    }

    let ask = async |look_up: &'static str| -> anyhow::Result<Option<String>> {
        let mut tx = database.begin_worker().await?;
        let found = sqlx::query_scalar(AssertSqlSafe(row_of(ACME, look_up))).fetch_optional(&mut *tx).await?;
        tx.commit().await?;
        Ok(found)
    };
    assert_eq!(ask(SESSION).await?, Some(row_of(ACME, "$P02")));
    assert!(ask(LINK).await?.is_some());
    assert_eq!(ask(LINK).await?, None, "a link works once");
    sqlx::raw_sql("UPDATE users SET disabled_at = now(); UPDATE api_tokens SET revoked_at = now()")
        .execute(&mut admin)
        .await?;
    assert_eq!(ask(SESSION).await?, None, "a disabled person has no session");
    assert_eq!(ask(TOKEN).await?, None, "a revoked token is none");
    Ok(())
}

//! What is not in any answer: the database, as its superuser sees it.

use std::collections::BTreeMap;
use std::time::Duration;

use server::store::embedded;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::Server;

/// A look at the database.
pub struct Tables(PgConnection);

impl Tables {
    pub async fn of(server: &Server) -> Tables {
        let (options, _) = embedded::running(&server.data_dir()).expect("a cluster");
        Tables(PgConnection::connect_with(&options).await.expect("a connection"))
    }

    /// The one text a query gives.
    pub async fn text(&mut self, query: &str) -> String {
        let query = AssertSqlSafe(query.to_owned());
        sqlx::query_scalar(query).fetch_one(&mut self.0).await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub async fn change(&mut self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut self.0).await.expect("changed");
    }

    /// The project there is from the beginning.
    pub async fn project(&mut self) -> String {
        self.text("SELECT id::text FROM projects ORDER BY created_at LIMIT 1").await
    }
}

/// Waits until something is so.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..400 {
        if let Some(seen) = look().await {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("never: {what}");
}

/// Everything the chat and the rows say, to be compared with itself later.
pub async fn everything(tables: &mut Tables) -> BTreeMap<&'static str, String> {
    let mut all = BTreeMap::new();
    for (what, query) in [
        (
            "messages",
            "SELECT json_agg(json_build_array(id, channel_id, user_id, text, custom, created_at) ORDER BY id)::text FROM chat.messages",
        ),
        (
            "members",
            "SELECT json_agg(json_build_array(channel_id, user_id, created_at) ORDER BY channel_id, user_id)::text FROM chat.members",
        ),
        ("channels", "SELECT json_agg(json_build_array(id, custom, created_at) ORDER BY id)::text FROM chat.channels"),
        (
            "rows",
            "SELECT json_agg(json_build_array(channel_id, purpose, agent_participants, user_participants, archived_at, last_activity) ORDER BY channel_id)::text FROM stream_chat_integration",
        ),
        ("bookmarks", "SELECT count(*)::text FROM chat_bookmarks"),
    ] {
        all.insert(what, tables.text(query).await);
    }
    all
}

/// Waits until the chat was told the whole journal.
pub async fn told(tables: &mut Tables) {
    until("the chat was told everything", async || {
        let behind = "SELECT (SELECT coalesce(max(seq), 0) FROM orchestration_events) - (SELECT max(posted_seq) FROM chat_bookmarks)";
        (tables.text(&format!("SELECT coalesce(({behind}), 1)::text")).await == "0").then_some(())
    })
    .await;
}

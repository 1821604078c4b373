//! The embedded chat server's tables (schema `chat`): all the SQL it speaks.
//!
//! What is read comes back as documents, put together by the functions of `migrations/0009_chat.sql` in the form in which they
//! travel. Rules are not here: who may, and what is valid, was decided before.

pub mod channels;
pub mod deliveries;
pub mod filter;
pub mod members;
pub mod messages;
pub mod polls;
pub mod reactions;
pub mod settings;
pub mod threads;
pub mod users;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::QueryBuilder;
use sqlx::postgres::Postgres;

pub use super::ChatTx;
use filter::{Fields, Sort};

/// What a client added to an object of its own.
pub type Custom = Map<String, Value>;

/// A moment as the database takes it.
fn at(moment: Timestamp) -> jiff_sqlx::Timestamp {
    moment.into()
}

fn at_most(moment: Option<Timestamp>) -> Option<jiff_sqlx::Timestamp> {
    moment.map(at)
}

fn object(custom: &Custom) -> Value {
    Value::Object(custom.clone())
}

/// Which part of a list is wanted, in which order.
#[derive(Clone, Debug)]
pub struct Page {
    /// In which order.
    pub sort: Vec<Sort>,
    /// How many.
    pub limit: i64,
    /// After how many.
    pub offset: i64,
}

impl Page {
    fn push(&self, query: &mut QueryBuilder<Postgres>, fields: Fields, otherwise: &str) {
        query.push(" ORDER BY ");
        filter::push_sort(query, fields, &self.sort);
        query.push(otherwise).push(" LIMIT ").push_bind(self.limit).push(" OFFSET ").push_bind(self.offset);
    }
}

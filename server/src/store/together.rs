//! Statements that do not depend on each other, sent and carried out as one.
//!
//! Every statement of its own costs a trip to PostgreSQL and back and a turn of its executor, which is more than the few rows of a
//! small tick cost. As parts of one `WITH` they cost that once. They all see the rows as they were before: what needs another part's
//! rows is no part of the same whole.

use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Encode, PgConnection, Postgres, Type};

/// The parts so far.
#[derive(Default)]
pub struct Together {
    sql: String,
    arguments: PgArguments,
    parts: usize,
    failed: Option<sqlx::Error>,
}

impl Together {
    /// Makes room for arguments of that many bytes, which otherwise are moved again and again as they grow.
    pub fn reserve(&mut self, bytes: usize) {
        self.arguments.reserve(0, bytes);
    }

    /// Adds a part. Its arguments are numbered from `$1` and bound in that order.
    pub fn part(&mut self, sql: &str) -> Part<'_> {
        let before = self.arguments.len();
        self.sql.push_str(if self.parts == 0 { "WITH " } else { ", " });
        self.parts += 1;
        self.sql.push_str(&format!("part_{} AS (", self.parts));
        number_from(before, sql, &mut self.sql);
        self.sql.push(')');
        Part { whole: self }
    }

    /// Carries all parts out.
    pub async fn execute(mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.parts > 0 {
            self.sql.push_str(" SELECT 1");
            sqlx::query_with(AssertSqlSafe(self.sql), self.arguments).execute(connection).await?;
        }
        Ok(())
    }
}

/// A part whose arguments are being bound.
pub struct Part<'a> {
    whole: &'a mut Together,
}

impl Part<'_> {
    /// Binds the next argument.
    pub fn bind<'t, T: Encode<'t, Postgres> + Type<Postgres>>(self, value: T) -> Self {
        if let Err(error) = self.whole.arguments.add(value) {
            self.whole.failed.get_or_insert(sqlx::Error::Encode(error));
        }
        self
    }
}

/// Writes `sql` with every `$n` as `$(n + before)`.
fn number_from(before: usize, sql: &str, into: &mut String) {
    let mut pieces = sql.split('$');
    into.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = piece.split_at(digits);
        match number.parse::<usize>() {
            Ok(number) => into.push_str(&format!("${}", number + before)),
            Err(_) => into.push('$'),
        }
        into.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_numbers_of_its_own() {
        let mut whole = Together::default();
        whole.part("UPDATE a SET x = $2 WHERE id = $1").bind(1_i32).bind(2_i32);
        whole.part("INSERT INTO b SELECT $1, '$' || $2").bind(3_i32).bind("four");
        assert_eq!(
            whole.sql,
            "WITH part_1 AS (UPDATE a SET x = $2 WHERE id = $1), part_2 AS (INSERT INTO b SELECT $3, '$' || $4)"
        );
        assert_eq!(whole.arguments.len(), 4);
    }
}

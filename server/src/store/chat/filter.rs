//! Filters and orders of lists, as clients write them, made into SQL. Values are bound, never written; names are looked up.

use serde_json::Value;
use sqlx::QueryBuilder;
use sqlx::postgres::Postgres;

/// How deep filters may be nested: deeper ones are not written by people.
const DEPTH_MAX: usize = 8;
/// Conditions in a filter: more would be a list, for which there is `$in`.
const CONDITIONS_MAX: usize = 100;

/// What a field is, so that values are compared as what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A moment, as RFC 3339.
    Moment,
    /// Yes or no.
    Flag,
    /// A whole number.
    Number,
    /// Whether a row exists: the expression ends where the values come (`… = ANY (`), and is closed behind them.
    Among,
}

/// Looks a field up: its SQL expression and what it is. `None`: it is a custom field.
pub type Fields = fn(&str) -> Option<(&'static str, Kind)>;

/// One key of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// By what.
    pub field: String,
    /// The greatest first.
    pub descending: bool,
}

/// A filter that cannot be understood, in words for who wrote it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadFilter(pub String);

fn bad<T>(what: impl Into<String>) -> Result<T, BadFilter> {
    Err(BadFilter(what.into()))
}

/// Appends ` AND (…)` for a filter. `custom` is the expression of the custom fields.
pub fn push(query: &mut QueryBuilder<Postgres>, fields: Fields, custom: &str, filter: &Value) -> Result<(), BadFilter> {
    let mut writer = Writer { query, fields, custom, conditions: 0 };
    writer.query.push(" AND ");
    writer.all_of(filter, 0)
}

struct Writer<'a> {
    query: &'a mut QueryBuilder<Postgres>,
    fields: Fields,
    custom: &'a str,
    conditions: usize,
}

impl Writer<'_> {
    fn all_of(&mut self, filter: &Value, depth: usize) -> Result<(), BadFilter> {
        let Value::Object(conditions) = filter else { return bad("a filter must be an object") };
        if depth > DEPTH_MAX {
            return bad("the filter is nested too deep");
        }
        self.query.push("(true");
        for (name, wanted) in conditions {
            self.query.push(" AND ");
            match name.as_str() {
                "$and" => self.joined(wanted, " AND ", "true", depth)?,
                "$or" => self.joined(wanted, " OR ", "false", depth)?,
                "$nor" => {
                    self.query.push("NOT ");
                    self.joined(wanted, " OR ", "false", depth)?;
                }
                name if name.starts_with('$') => return bad(format!("unknown operator {name}")),
                name => self.field(name, wanted)?,
            }
        }
        self.query.push(")");
        Ok(())
    }

    fn joined(&mut self, filters: &Value, with: &str, neutral: &str, depth: usize) -> Result<(), BadFilter> {
        let Value::Array(filters) = filters else { return bad("$and, $or and $nor take a list of filters") };
        self.query.push(format!("({neutral}"));
        for filter in filters {
            self.query.push(with);
            self.all_of(filter, depth + 1)?;
        }
        self.query.push(")");
        Ok(())
    }

    fn field(&mut self, name: &str, wanted: &Value) -> Result<(), BadFilter> {
        match wanted {
            Value::Object(operators) if operators.keys().any(|key| key.starts_with('$')) => {
                self.query.push("(true");
                for (operator, value) in operators {
                    self.query.push(" AND ");
                    self.condition(name, operator, value)?;
                }
                self.query.push(")");
                Ok(())
            }
            value => self.condition(name, "$eq", value),
        }
    }

    fn condition(&mut self, name: &str, operator: &str, value: &Value) -> Result<(), BadFilter> {
        self.conditions += 1;
        if self.conditions > CONDITIONS_MAX {
            return bad("the filter has too many conditions");
        }
        match (self.fields)(name) {
            Some((expression, Kind::Among)) => self.among(name, expression, operator, value),
            Some((expression, kind)) => self.known(name, expression, kind, operator, value),
            None => self.custom(name, operator, value),
        }
    }

    fn among(&mut self, name: &str, expression: &str, operator: &str, value: &Value) -> Result<(), BadFilter> {
        let values = match (operator, value) {
            ("$in", Value::Array(_)) => texts(name, value)?,
            ("$eq" | "$contains", Value::String(one)) => vec![one.clone()],
            _ => return bad(format!("{name} takes $in with a list, or $eq with a text")),
        };
        self.query.push(expression).push_bind(values).push("))");
        Ok(())
    }

    fn known(
        &mut self,
        name: &str,
        expression: &str,
        kind: Kind,
        operator: &str,
        value: &Value,
    ) -> Result<(), BadFilter> {
        match operator {
            "$exists" => self.exists(expression, value),
            "$in" | "$nin" => {
                let values = texts(name, value)?;
                let sign = if operator == "$in" { " = ANY (" } else { " <> ALL (" };
                self.query.push(format!("({expression})::text{sign}")).push_bind(values).push(")");
                Ok(())
            }
            "$autocomplete" | "$q" => self.begins(&format!("({expression})::text"), value),
            _ => {
                let sign = sign(operator).ok_or_else(|| BadFilter(format!("{name}: unknown operator {operator}")))?;
                self.query.push(format!("({expression}) {sign} "));
                match (kind, value) {
                    (Kind::Moment, Value::String(text)) => match text.parse::<jiff::Timestamp>() {
                        Ok(moment) => self.query.push_bind(super::at(moment)),
                        Err(_) => return bad(format!("{name} is compared with a moment, as 2026-01-31T12:00:00Z")),
                    },
                    (Kind::Text, Value::String(text)) => self.query.push_bind(text.clone()),
                    (Kind::Flag, Value::Bool(flag)) => self.query.push_bind(*flag),
                    (Kind::Number, Value::Number(number)) => match number.as_i64() {
                        Some(number) => self.query.push_bind(number),
                        None => return bad(format!("{name} is compared with a whole number")),
                    },
                    _ => return bad(format!("{name} cannot be compared with {value}")),
                };
                Ok(())
            }
        }
    }

    fn custom(&mut self, name: &str, operator: &str, value: &Value) -> Result<(), BadFilter> {
        let path: Vec<String> = name.split('.').map(str::to_owned).collect();
        let field = |writer: &mut Self, how: &str| {
            writer.query.push(format!("({} {how} ", writer.custom)).push_bind(path.clone()).push(")");
        };
        match operator {
            "$exists" => {
                let Value::Bool(exists) = value else { return bad("$exists takes true or false") };
                field(self, "#>");
                self.query.push(if *exists { " IS NOT NULL" } else { " IS NULL" });
            }
            "$in" => {
                let Value::Array(values) = value else { return bad("$in takes a list") };
                field(self, "#>");
                self.query.push(" = ANY (").push_bind(values.clone()).push(")");
            }
            "$contains" => {
                field(self, "#>");
                self.query.push(" @> ").push_bind(Value::Array(vec![value.clone()]));
            }
            "$autocomplete" | "$q" => {
                let Value::String(text) = value else { return bad(format!("{operator} takes a text")) };
                field(self, "#>>");
                self.query.push(" ILIKE ").push_bind(pattern(text));
            }
            _ => {
                let sign = sign(operator).ok_or_else(|| BadFilter(format!("{name}: unknown operator {operator}")))?;
                field(self, "#>");
                self.query.push(format!(" {sign} ")).push_bind(value.clone());
            }
        }
        Ok(())
    }

    fn exists(&mut self, expression: &str, value: &Value) -> Result<(), BadFilter> {
        let Value::Bool(exists) = value else { return bad("$exists takes true or false") };
        self.query.push(format!("({expression}) IS {}NULL", if *exists { "NOT " } else { "" }));
        Ok(())
    }

    fn begins(&mut self, expression: &str, value: &Value) -> Result<(), BadFilter> {
        let Value::String(text) = value else { return bad("$autocomplete and $q take a text") };
        self.query.push(format!("{expression} ILIKE ")).push_bind(pattern(text));
        Ok(())
    }
}

/// A text somewhere, at the beginning of a word or within it.
fn pattern(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

fn sign(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "$eq" => "=",
        "$ne" => "IS DISTINCT FROM",
        "$gt" => ">",
        "$gte" => ">=",
        "$lt" => "<",
        "$lte" => "<=",
        _ => return None,
    })
}

fn texts(name: &str, value: &Value) -> Result<Vec<String>, BadFilter> {
    let Value::Array(values) = value else { return bad(format!("{name}: $in takes a list")) };
    values
        .iter()
        .map(|value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
            _ => bad(format!("{name}: $in takes texts")),
        })
        .collect()
}

/// Appends the keys of an order, each with a comma behind it. Custom fields cannot be sorted by.
pub fn push_sort(query: &mut QueryBuilder<Postgres>, fields: Fields, sort: &[Sort]) {
    for key in sort {
        if let Some((expression, kind)) = fields(&key.field)
            && kind != Kind::Among
        {
            query.push(format!("{expression} {} NULLS LAST, ", if key.descending { "DESC" } else { "ASC" }));
        }
    }
}

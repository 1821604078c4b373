//! The lines of a list of messages: the messages themselves, where a day begins, and where the new ones do.

use std::sync::Arc;

use devsquad::view::chat::Row;
use devsquad::wire_time::civil;
use jiff::Timestamp;

/// Seconds of a day.
const DAY_S: i64 = 86_400;
/// Between two messages of one author that stand together.
const TOGETHER_S: i64 = 300;

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Where a day begins: its number since 1970, and what it is called.
    Day(i64, String),
    /// Where the new ones begin: before which.
    New(String),
    /// A message, and whether it stands under another of the same author.
    Message(Arc<Row>, bool),
}

impl Item {
    /// What makes a line itself.
    pub fn key(&self) -> String {
        match self {
            Item::Day(day, _) => format!("day-{day}"),
            Item::New(before) => format!("new-{before}"),
            Item::Message(row, _) => row.id.clone(),
        }
    }
}

/// The lines of these messages, as `me` sees them who has read up to `read_at`. `offset_s` is how far the reader's clock is from UTC; `now_s`
/// tells which day is today.
pub fn items(rows: &[Arc<Row>], me: &str, read_at: Option<Timestamp>, (offset_s, now_s): (i64, i64)) -> Vec<Item> {
    let day_of = |second: i64| (second + offset_s).div_euclid(DAY_S);
    let day = |row: &Row| day_of(row.at.as_second());
    let mut items = Vec::with_capacity(rows.len() + 8);
    let mut last: Option<&Row> = None;
    let mut is_marked = false;
    for row in rows {
        let new_day = last.is_none_or(|last| day(last) != day(row));
        if new_day {
            items.push(Item::Day(day(row), day_words(day(row), day_of(now_s))));
        }
        let is_new = !is_marked && row.by != me && read_at.is_some_and(|read| row.at > read);
        if is_new {
            items.push(Item::New(row.id.clone()));
            is_marked = true;
        }
        let together = |last: &Row| {
            last.by == row.by && !last.card && !row.card && row.at.as_second() - last.at.as_second() < TOGETHER_S
        };
        let follows = !new_day && !is_new && last.is_some_and(together);
        items.push(Item::Message(Arc::clone(row), follows));
        last = Some(row);
    }
    items
}

/// "Today", "Yesterday", or the date.
fn day_words(day: i64, today: i64) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    match today - day {
        0 => return "Today".to_owned(),
        1 => return "Yesterday".to_owned(),
        _ => {}
    }
    let [year, month, date, ..] = civil(Timestamp::from_second(day * DAY_S).unwrap_or_default());
    let month = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).copied().unwrap_or_default();
    format!("{date} {month} {year}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, by: &str, second: i64) -> Arc<Row> {
        Arc::new(Row {
            id: id.into(),
            by: by.into(),
            name: by.into(),
            at: Timestamp::from_second(second).expect("a moment"),
            parent: None,
            text: String::new(),
            label: String::new(),
            html: String::new(),
            pinned: false,
            deleted: false,
            live: false,
            card: false,
        })
    }

    fn told(items: &[Item]) -> Vec<String> {
        let told = |item: &Item| match item {
            Item::Message(row, true) => format!("+{}", row.id),
            item => item.key(),
        };
        items.iter().map(told).collect()
    }

    #[test]
    fn days_and_what_is_new_are_marked_and_one_authors_messages_stand_together() {
        let rows = [row("a", "nora", 100), row("b", "nora", 200), row("c", "ada", 250), row("d", "ada", 90_000)];
        let read = Timestamp::from_second(220).ok();
        assert_eq!(told(&items(&rows, "nora", read, (0, 0))), ["day-0", "a", "+b", "new-c", "c", "day-1", "d"]);
        // Where the clock is two hours behind, the first of them are of the day before.
        assert_eq!(told(&items(&rows[..1], "nora", None, (-7_200, 0))), ["day--1", "a"]);
    }

    #[test]
    fn own_messages_are_never_new() {
        let rows = [row("a", "nora", 100)];
        assert_eq!(told(&items(&rows, "nora", Timestamp::from_second(1).ok(), (0, 0))), ["day-0", "a"]);
    }

    #[test]
    fn days_are_called_as_people_call_them() {
        assert_eq!([day_words(9, 9), day_words(8, 9)], ["Today", "Yesterday"]);
        assert_eq!(day_words(20_516, 20_600), "4 March 2026");
    }
}

//! What is said in one place (a channel, or a thread in it), as far as the page has it: a part of it, kept short however long it is.
#![cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "the page the server draws stands still"))]

use std::collections::HashSet;

use devsquad::view::chat::{ROWS_MAX, Row, RowsPage};
use jiff::Timestamp;
use leptos::prelude::*;

use super::dom;
use crate::communication::api::{Rows, load_rows};
use crate::error::Failure;
use crate::ui::*;

/// Between two messages of one author that stand together.
const TOGETHER_S: i64 = 300;
/// Rows that show work are fetched anew this long after something was said about it.
#[cfg(feature = "hydrate")]
const REFRESH_AFTER: std::time::Duration = std::time::Duration::from_millis(600);

/// One place, live.
#[derive(Clone, Copy)]
pub struct Talk {
    inside: StoredValue<Inside>,
    /// The messages in the page, oldest first.
    pub rows: RwSignal<Vec<Row>>,
    /// Whether there are older ones than those.
    pub older: RwSignal<bool>,
    /// Whether there are newer ones than those.
    pub newer: RwSignal<bool>,
    /// Whether some are on their way.
    pub busy: RwSignal<bool>,
    /// Messages that came while one was reading further up.
    pub fresh: RwSignal<u32>,
    /// Whether one is reading further up.
    pub away: RwSignal<bool>,
    /// What was read when the page was opened: the rest is new.
    pub read_at: RwSignal<Option<Timestamp>>,
    /// Why nothing could be fetched.
    pub trouble: RwSignal<Option<Failure>>,
    /// The message that has the keyboard.
    pub active: RwSignal<Option<String>>,
    /// The own message that is being changed.
    pub editing: RwSignal<Option<Row>>,
    /// The message that is being quoted.
    pub quoting: RwSignal<Option<Row>>,
}

struct Inside {
    toasts: Toasts,
    channel: String,
    thread: Option<String>,
    me: String,
    dirty: HashSet<String>,
    refresh_is_due: bool,
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Where a day begins: its number since 1970.
    Day(i64),
    /// Where the new ones begin.
    New,
    /// A message, and whether it stands under another of the same author.
    Message(Box<Row>, bool),
}

impl Item {
    /// What makes a line itself.
    pub fn key(&self) -> String {
        match self {
            Item::Day(day) => format!("day-{day}"),
            Item::New => "new".to_owned(),
            Item::Message(row, _) => row.id.clone(),
        }
    }
}

impl Talk {
    /// A place with the messages it opens with.
    pub fn new(channel: String, thread: Option<String>, me: String, page: RowsPage) -> Talk {
        let inside = Inside { toasts: use_toasts(), channel, thread, me, dirty: HashSet::new(), refresh_is_due: false };
        Talk {
            inside: StoredValue::new(inside),
            rows: RwSignal::new(page.rows),
            older: RwSignal::new(page.older),
            newer: RwSignal::new(page.newer),
            busy: RwSignal::new(false),
            fresh: RwSignal::new(0),
            away: RwSignal::new(false),
            read_at: RwSignal::new(None),
            trouble: RwSignal::new(None),
            active: RwSignal::new(None),
            editing: RwSignal::new(None),
            quoting: RwSignal::new(None),
        }
    }

    /// The channel's id.
    pub fn channel(self) -> String {
        self.inside.with_value(|inside| inside.channel.clone())
    }

    /// The root of the thread, if it is one.
    pub fn thread(self) -> Option<String> {
        self.inside.with_value(|inside| inside.thread.clone())
    }

    /// The reader.
    pub fn me(self) -> String {
        self.inside.with_value(|inside| inside.me.clone())
    }

    /// Where it is said that something did not work.
    pub fn toasts(self) -> Toasts {
        self.inside.with_value(|inside| inside.toasts)
    }

    /// The id of its list in the page.
    pub fn list_id(self) -> &'static str {
        if self.inside.with_value(|inside| inside.thread.is_some()) { "thread-list" } else { "channel-list" }
    }

    /// The id of the field one writes in.
    pub fn field_id(self) -> &'static str {
        if self.inside.with_value(|inside| inside.thread.is_some()) { "thread-composer" } else { "composer" }
    }

    /// A message that is in the page.
    pub fn row(self, id: &str) -> Option<Row> {
        self.rows.seen_once(|rows| rows.iter().find(|row| row.id == id).cloned())
    }

    /// Whether a message stands here.
    fn is_mine(self, row: &Row) -> bool {
        self.inside.with_value(|inside| match &inside.thread {
            None => row.parent.is_none(),
            Some(root) => row.parent.as_ref() == Some(root) || row.id == *root,
        })
    }

    /// Whether the page was left: an answer that comes late has no place any more.
    pub fn is_gone(self) -> bool {
        self.inside.try_with_value(|_| ()).is_none()
    }

    /// Puts a message in: in the place of the one it is, or behind the last.
    pub fn put(self, row: Row, new: bool) {
        if self.is_gone() {
            return;
        }
        if !self.is_mine(&row) {
            if let Some(root) = row.parent.filter(|_| self.thread().is_none()) {
                self.touch(&root);
            }
            return;
        }
        let at = self.rows.seen_once(|rows| rows.iter().position(|other| other.id == row.id));
        match at {
            Some(at) => dom::keeping(self.list_id(), move || {
                self.rows.update(|rows| {
                    if let Some(old) = rows.get_mut(at) {
                        *old = row;
                    }
                });
            }),
            None if new => self.append(row),
            None => {}
        }
    }

    fn append(self, row: Row) {
        let (own, at_end) = (row.by == self.me(), dom::is_at_end(self.list_id()));
        // Cards of the thread show what was decided meanwhile.
        let stale: Vec<String> =
            self.rows.seen_once(|rows| rows.iter().filter(|row| row.live).map(|row| row.id.clone()).collect());
        if row.parent.is_some() {
            stale.iter().for_each(|id| self.touch(id));
        }
        if self.newer.get_untracked() {
            self.fresh.update(|n| *n += 1);
            return;
        }
        if !own && !at_end {
            self.fresh.update(|n| *n += 1);
        }
        let push = move || {
            self.rows.update(|rows| {
                let at = rows.iter().rposition(|other| other.at <= row.at).map_or(0, |at| at + 1);
                rows.insert(at, row);
                if at_end && rows.len() > ROWS_MAX {
                    rows.drain(..rows.len() - ROWS_MAX);
                    self.older.set(true);
                }
            });
        };
        if at_end || own {
            push();
            dom::to_end(self.list_id());
        } else {
            dom::keeping(self.list_id(), push);
        }
    }

    /// A message is gone for good.
    pub fn remove(self, id: &str) {
        let id = id.to_owned();
        dom::keeping(self.list_id(), move || self.rows.update(|rows| rows.retain(|row| row.id != id)));
    }

    /// A message shows what has changed: it is fetched anew soon.
    #[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "the server's page does not live"))]
    pub fn touch(self, id: &str) {
        #[cfg(feature = "hydrate")]
        {
            if self.is_gone() || self.row(id).is_none() {
                return;
            }
            let due = self.inside.try_update_value(|inside| {
                inside.dirty.insert(id.to_owned());
                std::mem::replace(&mut inside.refresh_is_due, true)
            });
            if due == Some(false) {
                set_timeout(move || self.refresh(), REFRESH_AFTER);
            }
        }
    }

    #[cfg(feature = "hydrate")]
    fn refresh(self) {
        let ids = self.inside.try_update_value(|inside| {
            inside.refresh_is_due = false;
            std::mem::take(&mut inside.dirty)
        });
        let of = ids.into_iter().flatten().collect::<Vec<_>>().join(" ");
        if of.is_empty() {
            return;
        }
        leptos::task::spawn_local(async move {
            let (channel, thread) = (self.channel(), self.thread().unwrap_or_default());
            if let Ok(page) = load_rows(channel, thread, Rows::These, of).await {
                page.rows.into_iter().for_each(|row| self.put(row, false));
            }
        });
    }

    /// Fetches what stands before the first message.
    pub fn load_older(self) {
        if let (Some(first), true) =
            (self.edge(|rows| rows.iter().find(|row| !self.is_root(row))), self.older.get_untracked())
        {
            self.fetch(Rows::Before, first);
        }
    }

    /// Fetches what stands behind the last message.
    pub fn load_newer(self) {
        if let (Some(last), true) = (self.edge(|rows| rows.last()), self.newer.get_untracked()) {
            self.fetch(Rows::After, last);
        }
    }

    /// Goes to the newest messages.
    pub fn to_latest(self) {
        self.fresh.set(0);
        if self.newer.get_untracked() {
            self.fetch(Rows::Newest, String::new());
        } else {
            dom::to_end(self.list_id());
        }
    }

    /// Goes to a message, wherever it stands.
    pub fn go_to(self, id: String) {
        if self.is_gone() {
            return;
        }
        if self.row(&id).is_some() {
            dom::show(self.list_id(), &id);
        } else {
            self.fetch(Rows::Around, id);
        }
    }

    /// What came while the stream was broken: the newest messages again, put where they belong.
    pub fn catch_up(self) {
        if !self.newer.get_untracked() {
            self.fetch(Rows::Newest, String::from("again"));
        }
    }

    fn is_root(self, row: &Row) -> bool {
        self.inside.with_value(|inside| inside.thread.as_ref() == Some(&row.id))
    }

    fn edge(self, which: impl Fn(&[Row]) -> Option<&Row>) -> Option<String> {
        self.rows.seen_once(|rows| which(rows).map(|row| row.id.clone()))
    }

    fn fetch(self, rows: Rows, of: String) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        let (channel, thread) = (self.channel(), self.thread().unwrap_or_default());
        leptos::task::spawn_local(async move {
            let page = load_rows(channel, thread, rows, of.clone()).await;
            // The place may have been left meanwhile.
            if self.busy.try_set(false).is_some() {
                return;
            }
            match page {
                Ok(page) => {
                    self.trouble.set(None);
                    self.fold(rows, &of, page);
                }
                Err(failure) => self.trouble.set(Some(failure)),
            }
        });
    }

    fn fold(self, how: Rows, of: &str, page: RowsPage) {
        match how {
            Rows::Before => dom::keeping(self.list_id(), move || {
                self.older.set(page.older);
                self.rows.update(|rows| {
                    let known: HashSet<String> = rows.iter().map(|row| row.id.clone()).collect();
                    let older = page.rows.into_iter().filter(|row| !known.contains(&row.id));
                    rows.splice(0..0, older);
                    if rows.len() > ROWS_MAX {
                        rows.truncate(ROWS_MAX);
                        self.newer.set(true);
                    }
                });
            }),
            Rows::After => dom::keeping(self.list_id(), move || {
                self.newer.set(page.newer);
                self.rows.update(|rows| {
                    let known: HashSet<String> = rows.iter().map(|row| row.id.clone()).collect();
                    rows.extend(page.rows.into_iter().filter(|row| !known.contains(&row.id)));
                    if rows.len() > ROWS_MAX {
                        rows.drain(..rows.len() - ROWS_MAX);
                        self.older.set(true);
                    }
                });
            }),
            Rows::Newest if of == "again" && self.meets(&page) => {
                page.rows.into_iter().for_each(|row| self.put(row, true));
            }
            Rows::Newest | Rows::Around => {
                self.older.set(page.older);
                self.newer.set(page.newer);
                self.rows.set(page.rows);
                match how {
                    Rows::Around => dom::show(self.list_id(), of),
                    _ => dom::to_end(self.list_id()),
                }
            }
            Rows::These => {}
        }
    }

    /// Whether a page has a message that is here already: then nothing is missing between the two.
    fn meets(self, page: &RowsPage) -> bool {
        self.rows.seen_once(|rows| {
            rows.is_empty() || page.rows.iter().any(|row| rows.iter().any(|other| other.id == row.id))
        })
    }

    /// The lines of the list. `offset_s` is how far the reader's clock is from UTC.
    pub fn items(self, offset_s: RwSignal<i64>) -> Now<Vec<Item>> {
        memo(move |_| {
            let (me, read_at, offset_s) = (self.me(), self.read_at.get(), offset_s.get());
            self.rows.seen(|rows| items(rows, &me, read_at, offset_s))
        })
    }
}

fn items(rows: &[Row], me: &str, read_at: Option<Timestamp>, offset_s: i64) -> Vec<Item> {
    let day = |row: &Row| (row.at.as_second() + offset_s).div_euclid(86_400);
    let mut items = Vec::with_capacity(rows.len() + 8);
    let mut last: Option<&Row> = None;
    let mut is_marked = false;
    for row in rows {
        let new_day = last.is_none_or(|last| day(last) != day(row));
        if new_day {
            items.push(Item::Day(day(row)));
        }
        let is_new = !is_marked && row.by != me && read_at.is_some_and(|read| row.at > read);
        if is_new {
            items.push(Item::New);
            is_marked = true;
        }
        let together = |last: &Row| {
            last.by == row.by && !last.card && !row.card && row.at.as_second() - last.at.as_second() < TOGETHER_S
        };
        let follows = !new_day && !is_new && last.is_some_and(together);
        items.push(Item::Message(Box::new(row.clone()), follows));
        last = Some(row);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, by: &str, second: i64) -> Row {
        Row {
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
        }
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
        assert_eq!(told(&items(&rows, "nora", read, 0)), ["day-0", "a", "+b", "new", "c", "day-1", "d"]);
        // Where the clock is two hours behind, the first of them are of the day before.
        assert_eq!(told(&items(&rows[..1], "nora", None, -7_200)), ["day--1", "a"]);
    }

    #[test]
    fn own_messages_are_never_new() {
        let rows = [row("a", "nora", 100)];
        assert_eq!(told(&items(&rows, "nora", Timestamp::from_second(1).ok(), 0)), ["day-0", "a"]);
    }
}

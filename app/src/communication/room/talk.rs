//! What is said in one place (a channel, or a thread in it), as far as the page has it: a part of it, kept short however long it is.
#![cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "the page the server draws stands still"))]

use std::collections::HashSet;
use std::sync::Arc;

use devsquad::view::chat::{ROWS_MAX, Row, RowsPage};
use jiff::Timestamp;
use leptos::prelude::*;

use super::dom;
use super::heard::{Asked, Heard};
use super::items::{Item, items};
use crate::communication::api::Rows;
use crate::error::Failure;
use crate::ui::*;

mod fetched;

/// One place, live.
#[derive(Clone, Copy)]
pub struct Talk {
    inside: StoredValue<Inside>,
    /// The messages in the page, oldest first.
    pub rows: RwSignal<Vec<Arc<Row>>>,
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
    kept_unread: bool,
    heard: Heard,
    /// What was asked for while something else was on its way.
    next: Option<(Rows, String)>,
}

impl Talk {
    /// A place with the messages it opens with.
    pub fn new(channel: String, thread: Option<String>, me: String, page: RowsPage) -> Talk {
        let inside = Inside {
            toasts: use_toasts(),
            channel,
            thread,
            me,
            dirty: HashSet::new(),
            refresh_is_due: false,
            kept_unread: false,
            heard: Heard::default(),
            next: None,
        };
        Talk {
            inside: StoredValue::new(inside),
            rows: RwSignal::new(shared_rows(page.rows)),
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

    /// What the reader marked as unread stays so: what is seen does not count as read any more, until the page is opened anew.
    pub fn keep_unread(self, keeps: bool) {
        let _ = self.inside.try_update_value(|inside| inside.kept_unread = keeps);
    }

    /// Whether the reader marked something as unread.
    pub fn is_kept_unread(self) -> bool {
        self.inside.with_value(|inside| inside.kept_unread)
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
        self.rows.seen_once(|rows| rows.iter().find(|row| row.id == id).map(|row| Row::clone(row)))
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

    /// Puts in what the stream tells.
    pub fn hear(self, row: Row, new: bool) {
        let _ = self.inside.try_update_value(|inside| inside.heard.of(&row.id));
        self.put(row, new);
    }

    /// Now, for what is about to be asked for.
    pub fn asks(self) -> Asked {
        self.inside.try_with_value(|inside| inside.heard.asks()).unwrap_or_default()
    }

    /// Puts in what came of an act, unless the stream told of it meanwhile: that is what came of it, or is later.
    pub fn answered(self, asked: Asked, row: Row, new: bool) {
        if !self.is_overtaken(asked, &row.id) {
            self.put(row, new);
        }
    }

    /// Whether the stream told of a message that is here since something was asked for.
    fn is_overtaken(self, asked: Asked, id: &str) -> bool {
        let heard = self.inside.try_with_value(|inside| inside.heard.since(asked, id)).unwrap_or_default();
        heard && self.rows.seen_once(|rows| rows.iter().any(|row| row.id == id))
    }

    /// Puts a message in: in the place of the one it is, or behind the last.
    fn put(self, row: Row, new: bool) {
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
                        *old = Arc::new(row);
                    }
                });
            }),
            None if new => self.append(row),
            None => {}
        }
    }

    fn append(self, row: Row) {
        let (own, at_end) = (row.by == self.me(), dom::is_at_end(self.list_id()));
        // Cards show what was decided meanwhile.
        if row.parent.is_some() || row.card {
            let stale: Vec<String> =
                self.rows.seen_once(|rows| rows.iter().filter(|row| row.live).map(|row| row.id.clone()).collect());
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
                insert(rows, Arc::new(row));
                if at_end && shorten(rows) {
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

    /// The lines of the list. `offset_s` is how far the reader's clock is from UTC; `now_s` tells which day is today.
    pub fn items(self, offset_s: RwSignal<i64>, now_s: i64) -> Now<Vec<Item>> {
        memo(move |_| {
            let (me, read_at, offset_s) = (self.me(), self.read_at.get(), offset_s.get());
            self.rows.seen(|rows| items(rows, &me, read_at, (offset_s, now_s)))
        })
    }
}

fn shared_rows(rows: Vec<Row>) -> Vec<Arc<Row>> {
    rows.into_iter().map(Arc::new).collect()
}

/// Puts a message behind those that were said before it.
fn insert(rows: &mut Vec<Arc<Row>>, row: Arc<Row>) {
    let at = rows.iter().rposition(|other| other.at <= row.at).map_or(0, |at| at + 1);
    rows.insert(at, row);
}

/// Lets the oldest go where there are too many; says whether there were.
fn shorten(rows: &mut Vec<Arc<Row>>) -> bool {
    let over = rows.len().saturating_sub(ROWS_MAX);
    rows.drain(..over);
    over > 0
}

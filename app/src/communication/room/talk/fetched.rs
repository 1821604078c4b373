//! What of a place is fetched: what stands before and behind the part in the page, what changed, what a break in the stream left out.

use std::collections::HashSet;
use std::sync::Arc;

use devsquad::view::chat::{ROWS_MAX, Row, RowsPage};
use leptos::prelude::*;

use super::{Talk, insert, shared_rows, shorten};
use crate::communication::api::{Rows, load_rows};
use crate::communication::room::dom;
use crate::communication::room::heard::Asked;
use crate::ui::*;

/// The newest messages are asked for again, to be put where they belong.
const AGAIN: &str = "again";
/// Rows that show work are fetched anew this long after something was said about it.
#[cfg(feature = "hydrate")]
const REFRESH_AFTER: std::time::Duration = std::time::Duration::from_millis(600);

impl Talk {
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
        let asked = self.asks();
        leptos::task::spawn_local(async move {
            let (channel, thread) = (self.channel(), self.thread().unwrap_or_default());
            if let Ok(mut page) = load_rows(channel, thread, Rows::These, of).await {
                let overtaken = self.keep_overtaken(asked, &mut page.rows);
                page.rows.into_iter().for_each(|row| self.put(row, false));
                overtaken.iter().for_each(|id| self.touch(id));
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

    /// What came between the page and its stream: what stands behind the last message.
    pub fn go_on(self) {
        match self.edge(|rows| rows.last()) {
            _ if self.newer.get_untracked() => {}
            Some(last) => self.fetch(Rows::After, last),
            None => self.catch_up(),
        }
    }

    /// What came while the stream was broken: the newest messages again, put where they belong.
    pub fn catch_up(self) {
        if !self.newer.get_untracked() {
            self.fetch(Rows::Newest, AGAIN.to_owned());
        }
    }

    fn is_root(self, row: &Row) -> bool {
        self.inside.with_value(|inside| inside.thread.as_ref() == Some(&row.id))
    }

    fn edge(self, which: impl Fn(&[Arc<Row>]) -> Option<&Arc<Row>>) -> Option<String> {
        self.rows.seen_once(|rows| which(rows).map(|row| row.id.clone()))
    }

    fn fetch(self, rows: Rows, of: String) {
        if self.busy.get_untracked() {
            // An edge comes near again; anything else was asked for once, and the last word counts.
            let is_new = !matches!(rows, Rows::Before | Rows::After);
            self.inside.update_value(|inside| {
                if is_new && (of != AGAIN || inside.next.is_none()) {
                    inside.next = Some((rows, of));
                }
            });
            return;
        }
        self.busy.set(true);
        let (channel, thread) = (self.channel(), self.thread().unwrap_or_default());
        let asked = self.asks();
        leptos::task::spawn_local(async move {
            let page = load_rows(channel, thread, rows, of.clone()).await;
            // The place may have been left meanwhile.
            if self.busy.try_set(false).is_some() {
                return;
            }
            match page {
                Ok(mut page) => {
                    self.trouble.set(None);
                    let overtaken = self.keep_overtaken(asked, &mut page.rows);
                    self.fold(rows, &of, page);
                    overtaken.iter().for_each(|id| self.touch(id));
                }
                Err(failure) => self.trouble.set(Some(failure)),
            }
            if let Some((rows, of)) = self.inside.try_update_value(|inside| inside.next.take()).flatten() {
                self.fetch(rows, of);
            }
        });
    }

    /// Leaves those as they are here which the stream told of since the others were asked for, and says which.
    fn keep_overtaken(self, asked: Asked, page: &mut [Row]) -> Vec<String> {
        let mut overtaken = Vec::new();
        for row in page.iter_mut().filter(|row| self.is_overtaken(asked, &row.id)) {
            if let Some(here) = self.row(&row.id) {
                *row = here;
                overtaken.push(row.id.clone());
            }
        }
        overtaken
    }

    fn fold(self, how: Rows, of: &str, page: RowsPage) {
        match how {
            Rows::Before => dom::keeping(self.list_id(), move || {
                self.older.set(page.older);
                self.rows.update(|rows| {
                    let known: HashSet<String> = rows.iter().map(|row| row.id.clone()).collect();
                    let older = page.rows.into_iter().filter(|row| !known.contains(&row.id));
                    rows.splice(0..0, older.map(Arc::new));
                    if rows.len() > ROWS_MAX {
                        rows.truncate(ROWS_MAX);
                        self.newer.set(true);
                    }
                });
            }),
            // There was nothing newer to be fetched: it came since.
            Rows::After if !self.newer.get_untracked() => {
                self.newer.set(page.newer);
                if !page.rows.is_empty() {
                    self.join(page.rows);
                }
            }
            Rows::After => dom::keeping(self.list_id(), move || {
                self.newer.set(page.newer);
                self.rows.update(|rows| {
                    let known: HashSet<String> = rows.iter().map(|row| row.id.clone()).collect();
                    rows.extend(page.rows.into_iter().filter(|row| !known.contains(&row.id)).map(Arc::new));
                    if shorten(rows) {
                        self.older.set(true);
                    }
                });
            }),
            Rows::Newest if of == AGAIN && self.meets(&page) => self.join(page.rows),
            Rows::Newest if of == AGAIN && self.away.get_untracked() => {
                let of_others = self.unknown(&page.rows);
                self.fresh.update(|n| *n += of_others);
                self.newer.set(true);
            }
            Rows::Newest | Rows::Around => {
                self.older.set(page.older);
                self.newer.set(page.newer);
                self.rows.set(shared_rows(page.rows));
                match how {
                    Rows::Around => dom::show(self.list_id(), of),
                    _ => dom::to_end(self.list_id()),
                }
            }
            Rows::These => {}
        }
    }

    /// Puts messages in where they belong, all at once.
    fn join(self, page: Vec<Row>) {
        let at_end = dom::is_at_end(self.list_id());
        if !at_end {
            let of_others = self.unknown(&page);
            self.fresh.update(|n| *n += of_others);
        }
        // Cards that are not among the newest show what was decided meanwhile.
        let stale: Vec<String> = self.rows.seen_once(|rows| {
            let stale = rows.iter().filter(|row| row.live && page.iter().all(|other| other.id != row.id));
            stale.map(|row| row.id.clone()).collect()
        });
        stale.iter().for_each(|id| self.touch(id));
        let change = move || {
            self.rows.update(|rows| {
                for row in page {
                    match rows.iter_mut().find(|other| other.id == row.id) {
                        Some(old) if **old == row => {}
                        Some(old) => *old = Arc::new(row),
                        None => insert(rows, Arc::new(row)),
                    }
                }
                if at_end && shorten(rows) {
                    self.older.set(true);
                }
            });
        };
        if at_end {
            change();
            dom::to_end(self.list_id());
        } else {
            dom::keeping(self.list_id(), change);
        }
    }

    /// How many of these are others' and not here yet.
    fn unknown(self, page: &[Row]) -> u32 {
        let me = self.me();
        let count = self.rows.seen_once(|rows| {
            let is_here = |row: &Row| rows.iter().any(|other| other.id == row.id);
            page.iter().filter(|row| row.by != me && !is_here(row)).count()
        });
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Whether a page has a message that is here already: then nothing is missing between the two.
    fn meets(self, page: &RowsPage) -> bool {
        self.rows.seen_once(|rows| {
            rows.is_empty() || page.rows.iter().any(|row| rows.iter().any(|other| other.id == row.id))
        })
    }
}

//! An open channel, kept current: what is said is put in, who types is shown, what was seen counts as read, and who listens is told.

use std::time::Duration;

use devsquad::view::chat::{Act, ChatNews, Row, excerpt};
use leptos::prelude::*;

use super::dom;
use super::page::{Room, Typist};
use super::stream::{Told, listen};
use crate::communication::api::{act_on, load_channel};
use crate::live::{LiveState, use_live};
use crate::ui::*;

/// Messages are announced together, this often at most.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(1);
/// What is seen counts as read after this.
const READ_AFTER: Duration = Duration::from_secs(1);
/// The head is fetched anew this long after something was told that may have changed it.
const RENEW_AFTER: Duration = Duration::from_millis(600);
/// Who says nothing more for this long types no longer.
const TYPING_LASTS: Duration = Duration::from_secs(7);
/// Characters of a message that is announced.
const ANNOUNCED_CHARS: usize = 160;

/// Follows the channel until the page is left.
pub fn follow(room: Room) {
    let voice = Voice { waiting: StoredValue::new(Vec::new()), announcer: use_announcer() };
    let live = use_live();
    let missed = StoredValue::new(false);
    let read_is_due = StoredValue::new(false);
    let head = Head { room, is_due: StoredValue::new(false) };
    let channel = room.talk.channel();
    effect(move || {
        listen(format!("/live/chat?channel={channel}"), move |told| {
            if live.state().get_untracked() == LiveState::Paused {
                missed.set_value(true);
                return;
            }
            match told {
                Told::News(news) => hear(room, head, voice, *news),
                Told::Begins => room.talk.go_on(),
                Told::Again => again(room, head),
            }
        });
    });
    effect(move || {
        if live.state().get() == LiveState::Live && missed.get_value() {
            missed.set_value(false);
            again(room, head);
        }
    });
    effect(move || {
        room.talk.rows.track();
        if !room.talk.away.get() {
            read_soon(room, read_is_due);
        }
    });
}

fn again(room: Room, head: Head) {
    head.renew_soon();
    room.talk.catch_up();
    if let Some(side) = room.side.get_untracked() {
        side.catch_up();
    }
}

fn hear(room: Room, head: Head, voice: Voice, news: ChatNews) {
    let side = room.side.get_untracked();
    if let Some((user, begins)) = news.typing {
        typing(room, user, news.thread, begins);
    }
    if let Some(id) = news.gone {
        room.talk.remove(&id);
        side.iter().for_each(|side| side.remove(&id));
    }
    let Some(row) = news.row else { return };
    let pins = room.talk.row(&row.id).is_some_and(|known| known.pinned != row.pinned);
    if pins || (news.new && row.card) {
        head.renew_soon();
    }
    if news.new && row.by != room.talk.me() {
        voice.say(&row);
        room.typing.update(|typing| typing.retain(|by| by.user.id != row.by));
    }
    if let Some(side) = side {
        side.hear(row.clone(), news.new);
    }
    room.talk.hear(row, news.new);
}

fn typing(room: Room, user: devsquad::view::chat::ChatUser, thread: Option<String>, begins: bool) {
    let id = user.id.clone();
    let sign_ms = js_sys::Date::now();
    room.typing.update(|typing| {
        typing.retain(|by| by.user.id != id);
        if begins {
            typing.push(Typist { user, thread, sign_ms });
        }
    });
    if begins {
        // Only the last sign of somebody ends it.
        let stops = move || {
            let _ = room.typing.try_update(|typing| typing.retain(|by| by.user.id != id || by.sign_ms > sign_ms));
        };
        set_timeout(stops, TYPING_LASTS);
    }
}

/// What stands at the end of the list, in a window that is looked at, has been read.
fn read_soon(room: Room, due: StoredValue<bool>) {
    if due.get_value() {
        return;
    }
    due.set_value(true);
    set_timeout(
        move || {
            if due.try_set_value(false).is_some() {
                return;
            }
            let talk = room.talk;
            let looked_at = document().visibility_state() == web_sys::VisibilityState::Visible;
            let of_others = talk.rows.seen_once(|rows| rows.last().is_some_and(|row| row.by != talk.me()));
            if looked_at
                && of_others
                && !talk.is_kept_unread()
                && !talk.newer.get_untracked()
                && dom::is_at_end(talk.list_id())
            {
                // That it counts as read later loses nothing.
                leptos::task::spawn_local(async move {
                    drop(act_on(talk.channel(), Act::Read, String::new(), String::new()).await);
                });
            }
        },
        READ_AFTER,
    );
}

/// What stands above the messages: where the work is, who is here, what is pinned.
#[derive(Clone, Copy)]
struct Head {
    room: Room,
    is_due: StoredValue<bool>,
}

impl Head {
    fn renew_soon(self) {
        if self.is_due.try_update_value(|due| std::mem::replace(due, true)) == Some(false) {
            set_timeout(move || self.renew(), RENEW_AFTER);
        }
    }

    fn renew(self) {
        if self.is_due.try_set_value(false).is_some() {
            return;
        }
        leptos::task::spawn_local(async move {
            // Where it does not come, the head stays as it was until the next time.
            if let Ok(view) = load_channel(self.room.talk.channel()).await {
                let _ = self.room.view.try_set(view);
            }
        });
    }
}

/// Says aloud what came, several messages as one sentence.
#[derive(Clone, Copy)]
struct Voice {
    waiting: StoredValue<Vec<String>>,
    announcer: Announcer,
}

impl Voice {
    fn say(self, row: &Row) {
        let sentence = format!("{}: {}", row.name, excerpt(&row.text, ANNOUNCED_CHARS));
        let first = self.waiting.try_update_value(|waiting| {
            waiting.push(sentence);
            waiting.len() == 1
        });
        if first == Some(true) {
            set_timeout(
                move || {
                    let waiting = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
                    match waiting.as_slice() {
                        [] => {}
                        [one] => self.announcer.say(one.clone()),
                        many => self.announcer.say(format!("{} new messages", many.len())),
                    }
                },
                ANNOUNCE_EVERY,
            );
        }
    }
}

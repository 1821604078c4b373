//! What can be done with a message: reactions, and everything else, in one menu for the whole page.
#![cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "the page the server draws stands still"))]

use std::collections::HashSet;

use devsquad::Role;
use devsquad::id::{CheckpointId, WorkflowId};
use devsquad::messaging::user::is_person;
use devsquad::view::chat::{Act, REACTIONS, Row};
use devsquad::workflow::checks::Verdict;
use leptos::ev;
use leptos::prelude::*;
use leptos::web_sys::Element;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::talk::Talk;
use crate::approvals::api::decide;
use crate::communication::api::{act_on, say};
use crate::communication::{message_href, reaction_glyph, thread_href};
use crate::session::use_session;
use crate::ui::*;

/// The element of the menu.
const MENU: &str = "message-menu";

/// Goes to an address.
type Go = Box<dyn Fn(&str) + Send + Sync>;

/// The menu, and what it does.
#[derive(Clone, Copy)]
pub struct Menu {
    on: RwSignal<Option<(Talk, Row)>>,
    deleting: RwSignal<bool>,
    go: StoredValue<Go>,
    channel: StoredValue<String>,
    /// Messages whose card was answered, until that has arrived: a second press says nothing twice.
    sent: StoredValue<HashSet<String>>,
    toasts: Toasts,
    admin: bool,
}

impl Menu {
    /// The menu of a channel's page.
    pub fn new(channel: String) -> Menu {
        let navigate = use_navigate();
        let go = move |to: &str| navigate(to, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        Menu {
            on: RwSignal::new(None),
            deleting: RwSignal::new(false),
            go: StoredValue::new(Box::new(go) as Go),
            channel: StoredValue::new(channel),
            sent: StoredValue::new(HashSet::new()),
            toasts: use_toasts(),
            admin: untrack(|| use_session().may(Role::Admin)),
        }
    }

    /// Opens it on a message: beside what was pressed, or beside the message itself.
    pub fn open(self, talk: Talk, id: &str, by: Option<&Element>) {
        let Some(row) = talk.row(id).filter(|row| !row.deleted) else { return };
        self.on.set(Some((talk, row)));
        place(id.to_owned(), by.cloned());
    }

    /// Opens the thread of a message.
    pub fn to_thread(self, id: &str) {
        let to = self.channel.with_value(|channel| thread_href(channel, id));
        self.go.with_value(|go| go(&to));
    }

    /// Changes an own message, in the field one writes in.
    pub fn edit(self, talk: Talk, id: &str) {
        if let Some(row) = talk.row(id).filter(|row| row.by == talk.me() && !row.deleted) {
            talk.quoting.set(None);
            talk.editing.set(Some(row));
        }
    }

    /// Quotes a message.
    pub fn quote(self, talk: Talk, id: &str) {
        if let Some(row) = talk.row(id).filter(|row| !row.deleted) {
            talk.editing.set(None);
            talk.quoting.set(Some(row));
        }
    }

    /// Pins a message, or takes the pin off.
    pub fn pin(self, talk: Talk, id: &str) {
        if let Some(row) = talk.row(id).filter(|row| !row.deleted) {
            do_act(talk, if row.pinned { Act::Unpin } else { Act::Pin }, row.id, String::new());
        }
    }

    /// Decides a checkpoint from its card.
    pub fn decide(self, talk: Talk, row: String, workflow: String, checkpoint: String, verdict: String, note: String) {
        let (Ok(workflow), Ok(checkpoint)) = (workflow.parse::<WorkflowId>(), checkpoint.parse::<CheckpointId>())
        else {
            return;
        };
        if !self.begin(&row) {
            return;
        }
        let verdict = if verdict == "approve" { Verdict::Approve } else { Verdict::Reject };
        leptos::task::spawn_local(async move {
            let decided = decide(workflow, checkpoint, verdict, note).await;
            self.end(&row);
            match decided {
                Ok(_) => {
                    self.toasts.done(match verdict {
                        Verdict::Approve => "Approved.",
                        Verdict::Reject => "Sent back with your note.",
                    });
                    talk.touch(&row);
                    talk.go_to(row);
                }
                Err(failure) => self.toasts.failed(failure.to_string()),
            }
        });
    }

    /// Answers a question from its card: a reply in its thread.
    pub fn answer(self, talk: Talk, row: String, thread: String, text: String) {
        if !self.begin(&row) {
            return;
        }
        let channel = self.channel.get_value();
        let asked = talk.asks();
        leptos::task::spawn_local(async move {
            let said = say(channel, text, thread, String::new(), String::new(), String::new()).await;
            self.end(&row);
            match said {
                Ok(said) => {
                    self.toasts.done("Answered.");
                    talk.answered(asked, said, true);
                    talk.touch(&row);
                }
                Err(failure) => self.toasts.failed(failure.to_string()),
            }
        });
    }

    /// Whether nothing of this card is on its way: then something may be.
    fn begin(self, row: &str) -> bool {
        self.sent.try_update_value(|sent| sent.insert(row.to_owned())) == Some(true)
    }

    fn end(self, row: &str) {
        let _ = self.sent.try_update_value(|sent| sent.remove(row));
    }

    fn link(self, row: &Row) -> String {
        let path = self.channel.with_value(|channel| message_href(channel, &row.id, row.parent.as_deref()));
        format!("{}{path}", origin())
    }
}

#[cfg(feature = "hydrate")]
fn origin() -> String {
    window().location().origin().unwrap_or_default()
}

#[cfg(not(feature = "hydrate"))]
fn origin() -> String {
    String::new()
}

/// Does it, and shows the message as it is then.
pub fn do_act(talk: Talk, what: Act, message: String, text: String) {
    let (toasts, asked) = (talk.toasts(), talk.asks());
    leptos::task::spawn_local(async move {
        match act_on(talk.channel(), what, message, text).await {
            Ok(Some(row)) => talk.answered(asked, row, false),
            Ok(None) => {}
            Err(failure) => toasts.failed(failure.to_string()),
        }
    });
}

/// The menu itself; once on the page.
#[component]
pub fn MessageMenu(
    /// What it is opened by.
    menu: Menu,
) -> impl IntoView {
    let row = move || menu.on.seen(|on| on.as_ref().map(|(_, row)| row.clone()));
    let reactions = REACTIONS.map(|(kind, name)| {
        let glyph = reaction_glyph(kind).unwrap_or(Glyph::Smile);
        view! {
            <button type="button" role="menuitem" tabindex="-1" class="msg-tool focus-vibe" aria-label=name title=name on:click=move |_| with(menu, |talk, row| do_act(talk, Act::React, row.id, kind.to_owned()))>
                <Icon glyph class="size-5"/>
            </button>
        }
    });
    view! {
        <div id=MENU popover="auto" role="menu" aria-label="Message" class="message-menu" on:keydown=move |event: ev::KeyboardEvent| walk(&event)>
            <div role="group" aria-label="React" class="flex gap-1 border-b border-line pb-1">{reactions.into_iter().collect_view()}</div>
            {part(move || row().map(|row| entries(menu, row)))}
        </div>
        <Dialog id="delete-message" title="Delete this message?" open=menu.deleting>
            <p class="text-sm text-ink-2">"It cannot be brought back. That there was a message stays visible."</p>
            <form method="dialog" class="mt-4 flex flex-wrap justify-end gap-2">
                <button type="submit" class=button_class(Look::Plain) autofocus=true>"Keep it"</button>
                <button type="submit" class=button_class(Look::Danger) on:click=move |_| with(menu, |talk, row| do_act(talk, Act::Delete, row.id, String::new()))>"Delete it"</button>
            </form>
        </Dialog>
    }
    .into_any()
}

fn entries(menu: Menu, row: Row) -> AnyView {
    let talk = menu.on.seen_once(|on| on.as_ref().map(|(talk, _)| *talk));
    let own = talk.is_some_and(|talk| talk.me() == row.by);
    let in_channel = talk.is_some_and(|talk| talk.thread().is_none());
    let may_delete = own || (menu.admin && is_person(&row.by));
    let entry = |glyph: Glyph, words: &'static str, key: &'static str, run: fn(Menu, Talk, Row)| {
        view! {
            <button type="button" role="menuitem" tabindex="-1" class="message-entry focus-vibe" on:click=move |_| with(menu, move |talk, row| run(menu, talk, row))>
                <Icon glyph class="size-4 shrink-0"/>
                <span class="grow text-left">{words}</span>
                {(!key.is_empty()).then(|| view! { <kbd class="kbd" aria-hidden="true">{key}</kbd> })}
            </button>
        }
        .into_any()
    };
    let pin = if row.pinned { "Take the pin off" } else { "Pin" };
    view! {
        {in_channel.then(|| entry(Glyph::Thread, "Reply in the thread", "t", |menu, _, row| menu.to_thread(&row.id)))}
        {entry(Glyph::Quote, "Quote", "q", |menu, talk, row| menu.quote(talk, &row.id))}
        {own.then(|| entry(Glyph::Edit, "Edit", "e", |menu, talk, row| menu.edit(talk, &row.id)))}
        {entry(Glyph::Pin, pin, "p", |menu, talk, row| menu.pin(talk, &row.id))}
        {in_channel.then(|| entry(Glyph::Mail, "Mark unread from here", "", mark_unread))}
        {entry(Glyph::Copy, "Copy the text", "", |menu, _, row| copy_said(menu, &row.text, "the text"))}
        {entry(Glyph::Link, "Copy the link", "", |menu, _, row| copy_said(menu, &menu.link(&row), "the link"))}
        {may_delete.then(|| entry(Glyph::Trash, "Delete…", "", |menu, _, _| menu.deleting.set(true)))}
    }
    .into_any()
}

/// Said when it is so: whoever reads that it is goes away, and takes what is on its way along.
fn mark_unread(menu: Menu, talk: Talk, row: Row) {
    talk.keep_unread(true);
    leptos::task::spawn_local(async move {
        match act_on(talk.channel(), Act::Unread, row.id, String::new()).await {
            Ok(_) => {
                // The page may have been left meanwhile.
                let _ = talk.read_at.try_set(row.at.checked_sub(jiff::SignedDuration::from_millis(1)).ok());
                menu.toasts.done("Unread from there.");
            }
            Err(failure) => {
                talk.keep_unread(false);
                menu.toasts.failed(failure.to_string());
            }
        }
    });
}

fn copy_said(menu: Menu, words: &str, what: &'static str) {
    copy(words, move |done| match done {
        true => menu.toasts.done(format!("Copied {what}.")),
        false => menu.toasts.failed("The browser did not allow copying."),
    });
}

/// Closes the menu and does something with the message it was open on.
fn with(menu: Menu, run: impl FnOnce(Talk, Row)) {
    close();
    if let Some((talk, row)) = menu.on.get_untracked() {
        run(talk, row);
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::ev;
    use leptos::prelude::*;
    use wasm_bindgen::JsCast;
    use web_sys::{Element, HtmlElement};

    use super::MENU;

    fn menu() -> Option<HtmlElement> {
        document().get_element_by_id(MENU)?.dyn_into().ok()
    }

    /// Shows the menu inside of the window, beside what it is about.
    pub fn place(row: String, by: Option<Element>) {
        request_animation_frame(move || {
            let anchor = by.or_else(|| document().get_element_by_id(&format!("m-{row}")));
            let (Some(menu), Some(anchor)) = (menu(), anchor) else { return };
            // Open already: it is only moved.
            let _ = menu.show_popover();
            let (at, own) = (anchor.get_bounding_client_rect(), menu.get_bounding_client_rect());
            let (wide, high) = (
                window().inner_width().ok().and_then(|v| v.as_f64()).unwrap_or_default(),
                window().inner_height().ok().and_then(|v| v.as_f64()).unwrap_or_default(),
            );
            let left = (at.right() - own.width()).clamp(8.0, (wide - own.width() - 8.0).max(8.0));
            let below = at.top() + at.height().min(40.0) + 4.0;
            let top = if below + own.height() > high - 8.0 { (high - own.height() - 8.0).max(8.0) } else { below };
            let style = menu.style();
            let _ = style.set_property("left", &format!("{left}px"));
            let _ = style.set_property("top", &format!("{top}px"));
            focus_item(0, true);
        });
    }

    pub fn close() {
        if let Some(menu) = menu() {
            // It may have closed by itself.
            let _ = menu.hide_popover();
        }
    }

    fn items() -> Vec<HtmlElement> {
        let found = menu().and_then(|menu| menu.query_selector_all("[role=menuitem]").ok());
        let Some(found) = found else { return Vec::new() };
        (0..found.length()).filter_map(|n| found.item(n)?.dyn_into().ok()).collect()
    }

    fn focus_item(by: isize, first: bool) {
        let items = items();
        let at = document().active_element();
        let now = items.iter().position(|item| at.as_ref() == Some(item.as_ref() as &Element));
        let len = items.len() as isize;
        let next = match now {
            Some(now) if !first && len > 0 => (now as isize + by).rem_euclid(len),
            _ => 0,
        };
        if let Some(item) = items.get(next as usize) {
            // A focus that cannot be moved leaves the page as it was.
            let _ = item.focus();
        }
    }

    /// The keys of a menu.
    pub fn walk(event: &ev::KeyboardEvent) {
        match event.key().as_str() {
            "ArrowDown" | "ArrowRight" => focus_item(1, false),
            "ArrowUp" | "ArrowLeft" => focus_item(-1, false),
            "Home" => focus_item(0, true),
            "End" => {
                focus_item(0, true);
                focus_item(-1, false);
            }
            "Tab" => close(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }
}

#[cfg(feature = "hydrate")]
use browser::{close, place, walk};

#[cfg(not(feature = "hydrate"))]
mod still {
    //! On the server no menu opens.
    use super::{Element, ev};

    pub fn place(_row: String, _by: Option<Element>) {}
    pub fn close() {}
    pub fn walk(_event: &ev::KeyboardEvent) {}
}

#[cfg(not(feature = "hydrate"))]
use still::{close, place, walk};

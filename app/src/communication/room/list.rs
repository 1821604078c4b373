//! The messages of a place. The list is one stop of the tabulator; arrows go from message to message, letters act on the one with the focus.

use leptos::ev;
use leptos::prelude::*;

#[cfg(feature = "hydrate")]
use super::items::Item;
use super::lines;
use super::menu::Menu;
#[cfg(feature = "hydrate")]
use super::menu::do_act;
use super::talk::Talk;
use crate::communication::message_href;
use crate::ui::*;

/// The messages, drawn from their end.
#[component]
pub fn Messages(
    /// The place.
    talk: Talk,
    /// What is opened on a message.
    menu: Menu,
    /// What the list is called.
    name: &'static str,
) -> impl IntoView {
    let offset = RwSignal::new(0);
    let items = talk.items(offset, use_now().get_untracked().as_second());
    let drawn = items.seen_once(|items| lines::drawn(items));
    #[cfg(feature = "hydrate")]
    behave(talk, items, offset);
    let older =
        move || talk.older.get().then(|| talk.rows.seen_once(|rows| rows.first().map(|row| row.id.clone()))).flatten();
    view! {
        <div class="talk">
            <div class="talk-scroll" on:scroll=move |_| scrolled(talk)>
                <div>
                    {part(move || older().map(|first| view! {
                        <p class="py-2 text-center text-sm">
                            <a href=message_href(&talk.channel(), &first, talk.thread().as_deref()) class="link" on:click=move |event: ev::MouseEvent| {
                                event.prevent_default();
                                talk.load_older();
                            }>"Older messages"</a>
                        </p>
                    }))}
                    {part(move || talk.rows.seen(Vec::is_empty).then(|| view! {
                        <p class="px-4 py-10 text-center text-sm text-ink-3">"Nothing was said here yet. Write the first message."</p>
                    }))}
                    <ol
                        id=talk.list_id()
                        aria-label=name
                        class="talk-list"
                        on:click=move |event: ev::MouseEvent| clicked(talk, menu, &event)
                        on:keydown=move |event: ev::KeyboardEvent| pressed(talk, menu, &event)
                        on:submit=move |event: ev::SubmitEvent| sent(talk, menu, &event)
                        on:focusin=move |event: ev::FocusEvent| focused(talk, &event)
                        inner_html=drawn
                    ></ol>
                </div>
            </div>
            <Pill talk/>
        </div>
    }
    .into_any()
}

/// The way to the newest message, and how many came meanwhile.
#[component]
fn Pill(talk: Talk) -> impl IntoView {
    let (fresh, newer) = (talk.fresh, talk.newer);
    let words = move || match fresh.get() {
        0 => "Jump to the latest".to_owned(),
        1 => "1 new message".to_owned(),
        n => format!("{n} new messages"),
    };
    view! {
        <Only when=move || { fresh.get() > 0 || newer.get() || talk.away.get() }>
            <button type="button" class="talk-pill focus-vibe" on:click=move |_| talk.to_latest()>
                <Icon glyph=Glyph::ChevronDown class="size-4"/>
                {part(words)}
            </button>
        </Only>
        {part(move || talk.trouble.get().map(|failure| view! {
            <div class="p-3"><ErrorPanel title="Some messages did not come" message=failure.to_string()>
                <Button on:click=move |_| talk.catch_up()>"Try again"</Button>
            </ErrorPanel></div>
        }))}
    }
    .into_any()
}

/// More is fetched where an edge of what is there comes near, and what is seen at the end counts as seen.
#[cfg(feature = "hydrate")]
fn scrolled(talk: Talk) {
    let (older, newer) = super::dom::near(talk.list_id());
    if older {
        talk.load_older();
    }
    if newer {
        talk.load_newer();
    }
    let at_end = super::dom::is_at_end(talk.list_id());
    if talk.away.get_untracked() == at_end {
        talk.away.set(!at_end);
    }
    if at_end && !talk.newer.get_untracked() && talk.fresh.get_untracked() > 0 {
        talk.fresh.set(0);
    }
}

/// After every change: the lines, what is in the order of tabs, and the reader's own time.
#[cfg(feature = "hydrate")]
fn behave(talk: Talk, items: Now<Vec<Item>>, offset: RwSignal<i64>) {
    effect(move || offset.set(super::dom::offset_s()));
    let shown = StoredValue::new(items.get_untracked());
    effect(move || {
        let wanted = items.get();
        if shown.with_value(|shown| *shown == wanted || lines::follow(talk.list_id(), shown, &wanted)) {
            shown.set_value(wanted);
        }
        // In the same breath: what is changed later is laid out once more. A list that is not in the page yet is there with the next frame.
        let (list, active) = (talk.list_id(), talk.active.get());
        if !super::dom::tame(list, active.as_deref()) {
            request_animation_frame(move || {
                super::dom::tame(list, active.as_deref());
            });
        }
    });
}

#[cfg(feature = "hydrate")]
fn focused(talk: Talk, event: &ev::FocusEvent) {
    if let Some((id, _)) = super::dom::at(event)
        && talk.active.seen_once(|active| active.as_ref() != Some(&id))
    {
        talk.active.set(Some(id));
    }
}

/// A click on something in a message that has a name of an act.
#[cfg(feature = "hydrate")]
fn clicked(talk: Talk, menu: Menu, event: &ev::MouseEvent) {
    let Some((id, Some(element))) = super::dom::at(event) else { return };
    let by_hand = !event.ctrl_key() && !event.meta_key() && !event.shift_key();
    match element.get_attribute("data-act").as_deref() {
        Some("react") => {
            let kind = element.get_attribute("data-kind").unwrap_or_default();
            do_act(talk, devsquad::view::chat::Act::React, id, kind);
        }
        Some("more" | "emoji") => menu.open(talk, &id, Some(&element)),
        Some("thread") if by_hand => {
            event.prevent_default();
            // The link is ours alone: the router would go there as well, and to its beginning.
            event.stop_propagation();
            menu.to_thread(&id);
        }
        Some("jump") if by_hand => {
            event.prevent_default();
            event.stop_propagation();
            talk.go_to(element.get_attribute("data-to").unwrap_or_default());
        }
        _ => {}
    }
}

#[cfg(feature = "hydrate")]
fn pressed(talk: Talk, menu: Menu, event: &ev::KeyboardEvent) {
    use super::dom;
    if event.ctrl_key() || event.meta_key() || event.alt_key() || !dom::is_on_message(event) {
        return;
    }
    let Some((id, _)) = dom::at(event) else { return };
    let list = talk.list_id();
    let go = |to: Option<String>| to.iter().for_each(|to| dom::focus(to));
    match event.key().as_str() {
        "ArrowUp" => go(dom::neighbour(list, Some(&id), false)),
        "ArrowDown" => match dom::neighbour(list, Some(&id), true) {
            None => dom::focus_field(talk.field_id()),
            next => go(next),
        },
        "Home" => go(dom::neighbour(list, None, false)),
        "End" => go(dom::neighbour(list, None, true)),
        "PageUp" if event.shift_key() => drop(dom::show_new(list)),
        "Escape" if talk.thread().is_none() => {
            talk.to_latest();
            dom::focus_field(talk.field_id());
        }
        "r" | "t" if talk.thread().is_none() => menu.to_thread(&id),
        "e" => menu.edit(talk, &id),
        "q" => menu.quote(talk, &id),
        "p" => menu.pin(talk, &id),
        "+" | "." => menu.open(talk, &id, None),
        _ => return,
    }
    event.prevent_default();
    // A letter for a message is no shortcut of the page.
    event.stop_propagation();
}

/// The forms in cards: sent in the background, and the card is drawn anew.
#[cfg(feature = "hydrate")]
fn sent(talk: Talk, menu: Menu, event: &ev::SubmitEvent) {
    use wasm_bindgen::JsCast;
    let Some((id, _)) = super::dom::at(event) else { return };
    let Some(form) = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok()) else {
        return;
    };
    let field = |name: &str| {
        let chosen = event.submitter().filter(|by| by.get_attribute("name").as_deref() == Some(name));
        if let Some(value) = chosen.and_then(|by| by.get_attribute("value")) {
            return value;
        }
        let found = form.query_selector(&format!("[name={name}]")).ok().flatten();
        match found {
            Some(node) => match node.dyn_into::<web_sys::HtmlTextAreaElement>() {
                Ok(area) => area.value(),
                Err(node) => {
                    node.dyn_into::<web_sys::HtmlInputElement>().map(|input| input.value()).unwrap_or_default()
                }
            },
            None => String::new(),
        }
    };
    match form.get_attribute("data-form").as_deref() {
        Some("decide") => {
            event.prevent_default();
            menu.decide(talk, id, field("workflow"), field("checkpoint"), field("verdict"), field("note"));
        }
        Some("say") => {
            event.prevent_default();
            menu.answer(talk, id, field("thread"), field("text"));
        }
        _ => {}
    }
}

#[cfg(not(feature = "hydrate"))]
mod still {
    //! On the server nobody scrolls, clicks or types.
    use super::{Menu, Talk, ev};

    pub fn scrolled(_talk: Talk) {}
    pub fn clicked(_talk: Talk, _menu: Menu, _event: &ev::MouseEvent) {}
    pub fn pressed(_talk: Talk, _menu: Menu, _event: &ev::KeyboardEvent) {}
    pub fn sent(_talk: Talk, _menu: Menu, _event: &ev::SubmitEvent) {}
    pub fn focused(_talk: Talk, _event: &ev::FocusEvent) {}
}

#[cfg(not(feature = "hydrate"))]
use still::{clicked, focused, pressed, scrolled, sent};

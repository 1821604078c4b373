//! The lines of a list as HTML, and what has to change in the list in the window so that it shows others.
//!
//! A list of messages is long, and most of it stays as it is. What keeps other lists in order takes each row that stands behind a new one
//! out of the page and puts it back, and the browser lays all of them out anew. Here a line that stays is not touched.

use std::collections::HashSet;

use super::items::Item;

/// What becomes of the line one stands at; one begins at the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It stays.
    Keep,
    /// It is drawn as this item, what is inside of it as well if that is said.
    Draw(usize, bool),
    /// It goes.
    Remove,
    /// These items come before it: from this one, up to that one.
    Insert(usize, usize),
}

/// From the lines that are there to those that are wanted.
#[cfg_attr(not(any(feature = "hydrate", test)), expect(dead_code, reason = "the page the server draws stands still"))]
pub fn steps(old: &[Item], new: &[Item]) -> Vec<Step> {
    let mut wanted: HashSet<String> = new.iter().map(Item::key).collect();
    let mut steps = Vec::with_capacity(new.len());
    let mut old = old.iter().peekable();
    for (n, item) in new.iter().enumerate() {
        let key = item.key();
        while old.next_if(|was| !wanted.contains(&was.key())).is_some() {
            steps.push(Step::Remove);
        }
        match old.next_if(|was| was.key() == key) {
            Some(was) if was == item => steps.push(Step::Keep),
            Some(was) => steps.push(Step::Draw(n, inside(was) != inside(item))),
            None => match steps.last_mut() {
                Some(Step::Insert(_, end)) => *end = n + 1,
                _ => steps.push(Step::Insert(n, n + 1)),
            },
        }
        // Where it stood before, further down, it is not wanted any more.
        wanted.remove(&key);
    }
    steps.extend(old.map(|_| Step::Remove));
    steps
}

/// The items as HTML.
pub fn drawn(items: &[Item]) -> String {
    let line = |item: &Item| match item {
        Item::Message(row, _) => {
            let (id, label) = (quoted(&row.id), quoted(&row.label));
            let class = class(item);
            format!(
                r#"<li id="m-{id}" data-id="{id}" tabindex="-1" aria-label="{label}" class="{class}">{}</li>"#,
                row.html
            )
        }
        item @ Item::Day(..) => format!(r#"<li class="talk-day">{}</li>"#, inside(item)),
        item @ Item::New(_) => format!(r#"<li class="talk-new" data-new="">{}</li>"#, inside(item)),
    };
    items.iter().map(line).collect()
}

fn inside(item: &Item) -> String {
    match item {
        Item::Message(row, _) => row.html.clone(),
        Item::Day(_, words) => format!("<span>{words}</span>"),
        Item::New(_) => "<span>New</span>".to_owned(),
    }
}

fn class(item: &Item) -> &'static str {
    if matches!(item, Item::Message(_, true)) { "msg msg-follows" } else { "msg" }
}

/// As the value of an attribute.
fn quoted(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

/// Takes the list in the window to what is wanted; says whether there is one.
#[cfg(feature = "hydrate")]
pub fn follow(list: &str, old: &[Item], new: &[Item]) -> bool {
    use leptos::prelude::document;

    let Some(list) = document().get_element_by_id(list) else { return false };
    let mut at = list.first_element_child();
    for step in steps(old, new) {
        if let Step::Insert(from, to) = step {
            let html = drawn(&new[from..to]);
            // The words for the place are known ones.
            let _ = match &at {
                Some(at) => at.insert_adjacent_html("beforebegin", &html),
                None => list.insert_adjacent_html("beforeend", &html),
            };
            continue;
        }
        let Some(line) = at else { break };
        at = line.next_element_sibling();
        match step {
            Step::Keep | Step::Insert(..) => {}
            Step::Remove => line.remove(),
            Step::Draw(n, whole) => draw(&line, &new[n], whole),
        }
    }
    true
}

#[cfg(feature = "hydrate")]
fn draw(line: &web_sys::Element, item: &Item, whole: bool) {
    if let Item::Message(row, _) = item {
        // Attributes of known names do not fail.
        let _ = line.set_attribute("aria-label", &row.label);
        line.set_class_name(class(item));
    }
    if whole {
        line.set_inner_html(&inside(item));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use devsquad::view::chat::Row;
    use jiff::Timestamp;

    use super::*;

    fn message(id: &str, html: &str) -> Item {
        let row = Row {
            id: id.into(),
            by: String::new(),
            name: String::new(),
            at: Timestamp::UNIX_EPOCH,
            parent: None,
            text: String::new(),
            label: format!("says \"{html}\" & <more>"),
            html: html.into(),
            pinned: false,
            deleted: false,
            live: false,
            card: false,
        };
        Item::Message(Arc::new(row), false)
    }

    fn list(ids: &str) -> Vec<Item> {
        ids.chars().map(|id| message(&id.to_string(), "x")).collect()
    }

    /// Follows the steps over the keys, as the browser does over its elements.
    fn walked(old: &[Item], new: &[Item]) -> Vec<String> {
        let mut lines: Vec<String> = old.iter().map(Item::key).collect();
        let mut at = 0;
        for step in steps(old, new) {
            match step {
                Step::Keep | Step::Draw(..) => at += 1,
                Step::Remove => drop(lines.remove(at)),
                Step::Insert(from, to) => {
                    lines.splice(at..at, new[from..to].iter().map(Item::key));
                    at += to - from;
                }
            }
        }
        lines
    }

    #[test]
    fn lines_that_stay_are_not_touched() {
        use Step::{Insert, Keep, Remove};
        assert_eq!(steps(&list("cd"), &list("abcd")), [Insert(0, 2), Keep, Keep]);
        assert_eq!(steps(&list("cde"), &list("abcd")), [Insert(0, 2), Keep, Keep, Remove]);
        assert_eq!(steps(&list("abc"), &list("bcd")), [Remove, Keep, Keep, Insert(2, 3)]);
    }

    #[test]
    fn whatever_was_there_what_is_wanted_is_there_afterwards() {
        for (old, new) in [("", "ab"), ("ab", ""), ("abcdef", "xbydz"), ("abc", "cab"), ("abc", "bca"), ("ab", "ba")] {
            let (old, new) = (list(old), list(new));
            assert_eq!(walked(&old, &new), new.iter().map(Item::key).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_was_drawn_anew_alone_is_replaced() {
        let stands = |follows| match message("a", "x") {
            Item::Message(row, _) => Item::Message(row, follows),
            other => other,
        };
        assert_eq!(steps(&[message("a", "x")], &[message("a", "y")]), [Step::Draw(0, true)]);
        assert_eq!(steps(&[stands(false)], &[stands(true)]), [Step::Draw(0, false)]);
    }

    #[test]
    fn what_a_message_is_called_does_not_end_its_attribute() {
        let html = drawn(&[message("a", "x")]);
        assert!(html.contains(r#"aria-label="says &quot;x&quot; &amp; &lt;more>""#), "{html}");
    }
}

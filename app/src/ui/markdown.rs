//! Markdown from agents, drawn by the server as elements of our own, so that no browser loads what reads it. Raw HTML is
//! dropped, pictures become links, and a link leads to `https`, `mailto` or this site only: what an agent wrote can
//! neither run nor load anything.

use leptos::prelude::*;
use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// Nested lists and quotes deeper than this are drawn flat.
const DEPTH_MAX: usize = 24;

/// A text in Markdown as HTML. Its headings begin at `h3`, because they stand inside a card.
pub fn html_of(text: &str) -> String {
    rendered(text).to_html()
}

/// What is open: the element, and what stands in it so far.
struct Open {
    end: Option<TagEnd>,
    kind: Kind,
    inside: Vec<AnyView>,
}

enum Kind {
    Root,
    Paragraph,
    Heading(HeadingLevel),
    Quote,
    Code(String),
    Bullets,
    Numbers(u64),
    Item,
    Strong,
    Emphasis,
    Struck,
    Link(String),
    Table,
    Head,
    Row,
    Cell { header: bool },
    Dropped,
    Plain,
}

fn rendered(text: &str) -> AnyView {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut stack = vec![Open { end: None, kind: Kind::Root, inside: Vec::new() }];
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(tag) => {
                let end = Some(tag.to_end());
                let in_head = stack.iter().any(|open| matches!(open.kind, Kind::Head));
                let kind = if stack.len() > DEPTH_MAX { Kind::Plain } else { kind(tag, in_head) };
                stack.push(Open { end, kind, inside: Vec::new() });
            }
            Event::End(end) => close(&mut stack, end),
            Event::Text(text) => put(&mut stack, text.into_string()),
            Event::Code(text) => add(&mut stack, view! { <code>{text.into_string()}</code> }.into_any()),
            Event::SoftBreak => put(&mut stack, "\n".to_owned()),
            Event::HardBreak => add(&mut stack, view! { <br/> }.into_any()),
            Event::Rule => add(&mut stack, view! { <hr/> }.into_any()),
            Event::TaskListMarker(done) => put(&mut stack, if done { "[x] " } else { "[ ] " }.to_owned()),
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_) => {}
        }
    }
    while stack.len() > 1 {
        fold(&mut stack);
    }
    stack.pop().map(drawn).unwrap_or_else(|| ().into_any())
}

fn kind(tag: Tag<'_>, in_head: bool) -> Kind {
    match tag {
        Tag::Paragraph => Kind::Paragraph,
        Tag::Heading { level, .. } => Kind::Heading(level),
        Tag::BlockQuote(_) => Kind::Quote,
        Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => Kind::Code(String::new()),
        Tag::List(None) => Kind::Bullets,
        Tag::List(Some(first)) => Kind::Numbers(first),
        Tag::Item => Kind::Item,
        Tag::Strong => Kind::Strong,
        Tag::Emphasis => Kind::Emphasis,
        Tag::Strikethrough => Kind::Struck,
        Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => Kind::Link(dest_url.into_string()),
        Tag::Table(alignments) => {
            let _: Vec<Alignment> = alignments;
            Kind::Table
        }
        Tag::TableHead => Kind::Head,
        Tag::TableRow => Kind::Row,
        Tag::TableCell => Kind::Cell { header: in_head },
        Tag::HtmlBlock | Tag::MetadataBlock(_) => Kind::Dropped,
        _ => Kind::Plain,
    }
}

fn put(stack: &mut [Open], text: String) {
    match stack.last_mut() {
        Some(Open { kind: Kind::Code(code), .. }) => code.push_str(&text),
        Some(open) => open.inside.push(text.into_any()),
        None => {}
    }
}

fn add(stack: &mut [Open], view: AnyView) {
    if let Some(open) = stack.last_mut() {
        open.inside.push(view);
    }
}

fn close(stack: &mut Vec<Open>, end: TagEnd) {
    if stack.len() > 1 && stack.last().is_some_and(|open| open.end == Some(end)) {
        fold(stack);
    }
}

fn fold(stack: &mut Vec<Open>) {
    if let Some(done) = stack.pop() {
        add(stack, drawn(done));
    }
}

fn drawn(open: Open) -> AnyView {
    let inside = open.inside;
    match open.kind {
        Kind::Root | Kind::Plain => inside.into_any(),
        Kind::Paragraph => view! { <p>{inside}</p> }.into_any(),
        Kind::Heading(HeadingLevel::H1 | HeadingLevel::H2) => view! { <h3>{inside}</h3> }.into_any(),
        Kind::Heading(HeadingLevel::H3) => view! { <h4>{inside}</h4> }.into_any(),
        Kind::Heading(HeadingLevel::H4) => view! { <h5>{inside}</h5> }.into_any(),
        Kind::Heading(HeadingLevel::H5 | HeadingLevel::H6) => view! { <h6>{inside}</h6> }.into_any(),
        Kind::Quote => view! { <blockquote>{inside}</blockquote> }.into_any(),
        Kind::Code(code) => view! { <pre tabindex="0" class="focus-vibe"><code>{code}</code></pre> }.into_any(),
        Kind::Bullets => view! { <ul>{inside}</ul> }.into_any(),
        Kind::Numbers(first) => view! { <ol start=first.to_string()>{inside}</ol> }.into_any(),
        Kind::Item => view! { <li>{inside}</li> }.into_any(),
        Kind::Strong => view! { <strong>{inside}</strong> }.into_any(),
        Kind::Emphasis => view! { <em>{inside}</em> }.into_any(),
        Kind::Struck => view! { <del>{inside}</del> }.into_any(),
        Kind::Link(to) if is_harmless(&to) => {
            view! { <a href=to rel="external noopener noreferrer nofollow">{inside}</a> }.into_any()
        }
        Kind::Link(_) => view! { <span>{inside}</span> }.into_any(),
        Kind::Table => {
            let mut parts = inside.into_iter();
            let head = parts.next();
            view! {
                <div class="prose-scroll focus-vibe" role="group" aria-label="Table" tabindex="0">
                    <table><thead>{head}</thead><tbody>{parts.collect::<Vec<_>>()}</tbody></table>
                </div>
            }
            .into_any()
        }
        Kind::Head | Kind::Row => view! { <tr>{inside}</tr> }.into_any(),
        Kind::Cell { header: true } => view! { <th scope="col">{inside}</th> }.into_any(),
        Kind::Cell { header: false } => view! { <td>{inside}</td> }.into_any(),
        Kind::Dropped => ().into_any(),
    }
}

/// Whether a link may be followed: another site over https, a letter, a place on this site.
fn is_harmless(to: &str) -> bool {
    let to = to.trim();
    let lower = to.to_ascii_lowercase();
    let stays_here = !to.starts_with("//")
        && !to.starts_with('\\')
        && !lower.split(['/', '?', '#']).next().unwrap_or("").contains(':');
    lower.starts_with("https://") || lower.starts_with("mailto:") || stays_here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_harmless_places_only() {
        for good in ["https://example.org", "mailto:a@b.c", "/help", "report.md", "#top", "notes/a:b"] {
            assert!(is_harmless(good), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            " JavaScript:x",
            "data:text/html,x",
            "http://example.org",
            "//evil.example",
            "vbscript:x",
            "\\\\evil",
        ] {
            assert!(!is_harmless(bad), "{bad}");
        }
    }

    #[test]
    fn html_is_dropped_and_the_rest_is_drawn() {
        let text = "# Title\n\n<script>alert(1)</script>\n\n- one <b onclick=x>two</b>\n\n![pic](https://evil.example/p.png)\n\n|a|b|\n|-|-|\n|1|<i>2</i>|\n\n[x](javascript:alert(1))\n\n```\n<tag>\n```\n";
        let html = html_of(text);
        assert!(
            !html.contains("<script")
                && !html.contains("onclick")
                && !html.contains("<img")
                && !html.contains("javascript:"),
            "{html}"
        );
        assert!(html.contains("<h3>Title") && html.contains("<td>1") && html.contains("&lt;tag&gt;"), "{html}");
    }
}

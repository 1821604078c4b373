//! A message, drawn on the server as HTML of our own. What the browser has to do about it is to put it in its place.

use devsquad::Role;
use devsquad::view::chat::{FileView, MessageView, Quoted, ReactionCount, Row, excerpt, reaction_name};
use devsquad::wire_time::civil;
use jiff::Timestamp;
use leptos::prelude::*;

use super::cards;
use super::{message_href, reaction_glyph, thread_href};
use crate::ui::*;

/// Characters of a message read aloud with its name.
const LABEL_CHARS: usize = 280;

/// A message as `me`, who has that role, sees it.
pub fn row(message: &MessageView, me: &str, role: Role) -> Row {
    // Outside of a page, as in the live stream, nothing owns what is drawn.
    let html = Owner::new().with(|| body(message, me, role).to_html());
    let kind = message.tag.as_ref().map_or("", |tag| tag.kind.as_str());
    Row {
        id: message.id.clone(),
        by: message.author.id.clone(),
        name: message.author.name.clone(),
        at: message.at,
        parent: message.parent.clone(),
        text: message.text.clone(),
        label: label(message),
        html,
        pinned: message.pinned,
        deleted: message.deleted,
        live: message.task.is_some() && matches!(kind, "thread" | "approval_request" | "question"),
        card: !kind.is_empty(),
    }
}

/// Who, what, and what hangs on it, as one sentence.
fn label(message: &MessageView) -> String {
    let mut label = format!("{}: ", message.author.name);
    label += &match (message.deleted, cards::word(message)) {
        (true, _) => "this message was deleted".to_owned(),
        (false, Some(word)) => format!("{word}. {}", excerpt(&message.text, LABEL_CHARS)),
        (false, None) => excerpt(&message.text, LABEL_CHARS),
    };
    let counted = |n: usize, one: &str, many: &str| match n {
        0 => String::new(),
        1 => format!(", 1 {one}"),
        n => format!(", {n} {many}"),
    };
    label += &counted(message.files.len(), "file", "files");
    label += &counted(message.replies.try_into().unwrap_or_default(), "reply", "replies");
    for reaction in &message.reactions {
        label += &format!(", {} {}", reaction_name(&reaction.kind), reaction.count);
    }
    if message.pinned {
        label += ", pinned";
    }
    label
}

fn body(message: &MessageView, me: &str, role: Role) -> AnyView {
    let name = message.author.name.clone();
    let is_mentioned = message.mentions.iter().any(|user| user.id == me);
    let face = if message.author.is_agent() { "msg-face msg-agent" } else { "msg-face" };
    let agent = message.author.is_agent().then(|| view! { <span class="chip chip-review py-0 text-xs">"Agent"</span> });
    let marks = (message.edited || message.pinned).then(|| {
        view! {
            {message.edited.then(|| view! { <span class="text-xs text-ink-3">"edited"</span> })}
            {message.pinned.then(|| view! { <span class="chip chip-wait py-0 text-xs"><Icon glyph=Glyph::Pin class="size-3"/>"Pinned"</span> })}
        }
    });
    let shown = if message.deleted {
        view! { <p class="text-sm text-ink-3 italic">"This message was deleted."</p> }.into_any()
    } else {
        view! {
            {message.quoted.as_ref().map(|quoted| quotation(quoted, &message.channel))}
            {content(message, role)}
            {(!message.files.is_empty()).then(|| view! { <ul class="msg-files" aria-label="Files">{message.files.iter().map(file).collect_view()}</ul> })}
            {(!message.reactions.is_empty()).then(|| view! { <div class="msg-reactions">{message.reactions.iter().map(|reaction| reacted(reaction, me)).collect_view()}</div> })}
            {replies(message)}
        }
        .into_any()
    };
    view! {
        <div class=face><Avatar name=name.clone() class="size-9 text-sm"/></div>
        <div class=if is_mentioned { "msg-main msg-mentions" } else { "msg-main" }>
            <div class="msg-head"><span class="font-semibold text-ink">{name}</span>{agent}{time(message.at)}{marks}</div>
            {shown}
        </div>
        {(!message.deleted).then(|| tools(message))}
    }
    .into_any()
}

/// Hour and minute. The browser puts them into its own time.
fn time(at: Timestamp) -> AnyView {
    let [year, month, day, hour, minute, second] = civil(at);
    let exact = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    view! { <time class="msg-time" datetime=exact title=moment(at)>{format!("{hour:02}:{minute:02}")}</time> }
        .into_any()
}

fn content(message: &MessageView, role: Role) -> AnyView {
    match cards::card(message, role) {
        Some(card) => card,
        None => view! { <Prose html=with_names(message)/> }.into_any(),
    }
}

/// The text, with the names of those it speaks to marked.
fn with_names(message: &MessageView) -> String {
    let html = html_of(&message.text);
    // A name inside of an address is none.
    if html.contains("<a ") {
        return html;
    }
    let escaped = |name: &str| name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    message.mentions.iter().fold(html, |html, user| {
        let at = format!("@{}", escaped(&user.name));
        html.replace(&at, &format!("<span class=\"msg-name\">{at}</span>"))
    })
}

fn quotation(quoted: &Quoted, channel: &str) -> AnyView {
    let href = message_href(channel, &quoted.id, None);
    view! {
        <a href=href data-act="jump" data-to=quoted.id.clone() class="msg-quoted focus-vibe">
            <span class="font-medium text-ink-2">{quoted.by.clone()}</span>
            <span class="block truncate">{quoted.text.clone()}</span>
        </a>
    }
    .into_any()
}

fn file(file: &FileView) -> AnyView {
    let size = (file.size > 0).then(|| crate::approvals::bytes(file.size));
    match &file.picture {
        Some(words) => view! {
            <li>
                <a href=file.href.clone() target="_blank" rel="noopener" class="msg-picture focus-vibe">
                    <img src=file.href.clone() alt=words.clone() loading="lazy"/>
                </a>
                <p class="mt-1 text-xs break-all text-ink-3">{file.name.clone()}</p>
            </li>
        }
        .into_any(),
        None => view! {
            <li>
                <a href=file.href.clone() download=file.name.clone() class="msg-file focus-vibe">
                    <Icon glyph=Glyph::File class="size-5 shrink-0 text-ink-3"/>
                    <span class="min-w-0 truncate font-medium text-ink">{file.name.clone()}</span>
                    <span class="shrink-0 text-ink-3 tabular-nums">{size}</span>
                    <Icon glyph=Glyph::Download class="size-4 shrink-0"/>
                </a>
            </li>
        }
        .into_any(),
    }
}

fn reacted(reaction: &ReactionCount, me: &str) -> AnyView {
    let mine = reaction.by.iter().any(|user| user.id == me);
    let names: Vec<&str> = reaction.by.iter().map(|user| if user.id == me { "you" } else { &user.name }).collect();
    let label = format!("{}, {}: {}", reaction_name(&reaction.kind), reaction.count, names.join(", "));
    view! {
        <button type="button" class="msg-reaction focus-vibe" data-act="react" data-kind=reaction.kind.clone() aria-pressed=mine.to_string() aria-label=label.clone() title=label>
            {picture(&reaction.kind)}
            <span class="tabular-nums">{reaction.count.to_string()}</span>
        </button>
    }
    .into_any()
}

/// A reaction as a picture of ours where we have one: fonts lack many.
fn picture(kind: &str) -> AnyView {
    match reaction_glyph(kind) {
        Some(glyph) => view! { <Icon glyph class="size-4 shrink-0"/> }.into_any(),
        None => view! { <span>{kind.to_owned()}</span> }.into_any(),
    }
}

fn replies(message: &MessageView) -> Option<AnyView> {
    (message.replies > 0 && message.parent.is_none()).then(|| {
        let words = if message.replies == 1 { "1 reply".to_owned() } else { format!("{} replies", message.replies) };
        view! {
            <a href=thread_href(&message.channel, &message.id) data-act="thread" class="msg-replies focus-vibe">
                <Icon glyph=Glyph::Thread class="size-4 shrink-0"/>
                {words}
            </a>
        }
        .into_any()
    })
}

/// What can be done with it, for a pointer. By keyboard there are keys, and the menu behind the last one.
fn tools(message: &MessageView) -> AnyView {
    let thread = message.parent.is_none().then(|| {
        view! {
            <a href=thread_href(&message.channel, &message.id) data-act="thread" class="msg-tool focus-vibe" aria-label="Reply in the thread" title="Reply in the thread">
                <Icon glyph=Glyph::Thread class="size-4"/>
            </a>
        }
    });
    view! {
        <div class="msg-tools">
            <button type="button" class="msg-tool focus-vibe" data-act="emoji" aria-label="React" title="React"><Icon glyph=Glyph::Smile class="size-4"/></button>
            {thread}
            <button type="button" class="msg-tool focus-vibe" data-act="more" aria-haspopup="menu" aria-label="More" title="More"><Icon glyph=Glyph::More class="size-4"/></button>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use devsquad::id::{CheckpointId, TaskId, WorkflowId};
    use devsquad::view::chat::{ChatUser, Tag, TaskCard};
    use devsquad::workflow::task::TaskStatus;
    use uuid::Uuid;

    use super::*;

    fn user(id: &str, name: &str) -> ChatUser {
        ChatUser { id: id.into(), name: name.into(), presence: String::new() }
    }

    fn said(text: &str, kind: Option<&str>) -> MessageView {
        MessageView {
            id: "m1".into(),
            channel: "workflow-1".into(),
            author: user("agent-1", "Ada"),
            text: text.into(),
            at: Timestamp::UNIX_EPOCH,
            edited: false,
            deleted: false,
            pinned: false,
            parent: None,
            replies: 0,
            quoted: None,
            reactions: Vec::new(),
            files: Vec::new(),
            mentions: Vec::new(),
            tag: kind.map(|kind| Tag { kind: kind.into(), ..Tag::default() }),
            task: None,
        }
    }

    fn task() -> TaskCard {
        TaskCard {
            workflow: WorkflowId(Uuid::from_u128(1)),
            task: TaskId(Uuid::from_u128(2)),
            name: "Build it".into(),
            status: TaskStatus::AwaitingApproval,
            agent: None,
            decision: Some((CheckpointId(Uuid::from_u128(3)), "Is it right?".into())),
            question: None,
            thread: Some("task-2".into()),
        }
    }

    #[test]
    fn words_are_markdown_and_nothing_in_them_runs() {
        let mut message = said("Hello **@Nora** <script>alert(1)</script>", None);
        message.mentions = vec![user("person-1", "Nora")];
        let row = row(&message, "person-1", Role::Viewer);
        assert!(row.html.contains("<strong>") && !row.html.contains("<script"), "{}", row.html);
        assert!(row.html.contains("msg-mentions") && row.html.contains("class=\"msg-name\">@Nora"), "{}", row.html);
        assert_eq!(row.label, "Ada: Hello @Nora <script>alert(1)</script>");
    }

    #[test]
    fn a_kind_nobody_knows_still_says_its_words() {
        let row = row(&said("Something new happened.", Some("telepathy")), "person-1", Role::Owner);
        assert!(row.html.contains("Something new happened.") && !row.html.contains("msg-card"), "{}", row.html);
    }

    #[test]
    fn a_decision_is_offered_to_those_who_may_take_it_as_long_as_it_is_open() {
        let mut message = said("“Build it” waits for approval.", Some("approval_request"));
        message.task = Some(task());
        let offered = |message: &MessageView, role| row(message, "person-1", role).html.contains("Approve");
        assert!(offered(&message, Role::Reviewer));
        assert!(!offered(&message, Role::Operator));
        // Another round's.
        message.tag = Some(Tag {
            kind: "approval_request".into(),
            checkpoint_id: Some(CheckpointId(Uuid::from_u128(9))),
            ..Tag::default()
        });
        assert!(!offered(&message, Role::Owner));
        message.task = Some(TaskCard { decision: None, ..task() });
        assert!(row(&message, "person-1", Role::Owner).html.contains("Answered since"));
    }

    #[test]
    fn a_question_is_answered_in_its_thread() {
        let mut message = said("Which colour?", Some("question"));
        message.parent = Some("task-2".into());
        let question = Some(("Which colour?".to_owned(), vec!["Green".to_owned(), "Red".to_owned()]));
        message.task = Some(TaskCard { decision: None, question, ..task() });
        let html = row(&message, "person-1", Role::Viewer).html;
        assert!(html.contains("value=\"Green\"") && html.contains("Or answer in your own words"), "{html}");
        assert!(html.contains("name=\"thread\" value=\"task-2\"") || html.contains("value=\"task-2\""), "{html}");
    }

    #[test]
    fn what_hangs_on_a_message_is_in_its_name() {
        let mut message = said("Look", None);
        message.pinned = true;
        message.replies = 2;
        message.reactions = vec![ReactionCount {
            kind: "👍".into(),
            count: 2,
            by: vec![user("person-1", "Nora"), user("agent-2", "Bo")],
        }];
        let row = row(&message, "person-1", Role::Viewer);
        assert_eq!(row.label, "Ada: Look, 2 replies, Agree 2, pinned");
        assert!(row.html.contains("aria-pressed=\"true\"") && row.html.contains("Agree, 2: you, Bo"), "{}", row.html);
    }
}

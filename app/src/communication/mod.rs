//! The chat: where everything is said, and each channel of it.

pub mod api;
#[cfg(feature = "ssr")]
mod cards;
#[cfg(feature = "ssr")]
mod draw;
mod hub;
mod line;
mod manager;
mod room;
mod threads;

#[cfg(feature = "ssr")]
pub use draw::row;
pub use hub::HubPage;
pub use manager::ChannelsPage;
pub use room::ChannelPage;
pub use threads::ThreadsPage;

/// A reaction as a picture of ours, where we have one.
fn reaction_glyph(kind: &str) -> Option<crate::ui::Glyph> {
    use crate::ui::Glyph;
    Some(match kind {
        "👍" | "like" | "+1" => Glyph::ThumbUp,
        "👎" | "-1" => Glyph::ThumbDown,
        "✅" | "white_check_mark" => Glyph::Check,
        "👀" => Glyph::Eye,
        "🎉" => Glyph::Party,
        "❤️" | "❤" | "love" => Glyph::Heart,
        _ => return None,
    })
}

/// Where a channel is.
pub fn channel_href(channel: &str) -> String {
    format!("/communication/channels/{channel}")
}

/// Where a thread is.
pub fn thread_href(channel: &str, root: &str) -> String {
    format!("/communication/channels/{channel}?thread={root}")
}

/// Where a message is.
pub fn message_href(channel: &str, message: &str, thread: Option<&str>) -> String {
    match thread {
        Some(root) => format!("/communication/channels/{channel}?thread={root}&message={message}"),
        None => format!("/communication/channels/{channel}?message={message}"),
    }
}

/// The channel of a workflow.
pub fn channel_of(workflow: devsquad::id::WorkflowId) -> String {
    channel_href(&format!("workflow-{workflow}"))
}

/// The thread of a task.
pub fn thread_of(workflow: devsquad::id::WorkflowId, task: devsquad::id::TaskId) -> String {
    thread_href(&format!("workflow-{workflow}"), &format!("task-{task}"))
}

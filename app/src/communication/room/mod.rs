//! One channel: its messages, the thread that is open beside them, and where one writes.

mod composer;
mod dom;
mod drafts;
mod files;
mod heard;
mod items;
mod lines;
mod list;
#[cfg(feature = "hydrate")]
mod live;
mod menu;
mod page;
mod panel;
#[cfg(feature = "hydrate")]
mod stream;
mod suggest;
mod talk;

pub use page::ChannelPage;

use leptos::prelude::*;

/// A number that changes soon after something was said in any channel of this person's.
pub fn stirred() -> RwSignal<u64> {
    let stirred = RwSignal::new(0);
    #[cfg(feature = "hydrate")]
    stream::stir(stirred);
    stirred
}

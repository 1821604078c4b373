//! What surrounds every page: the document, the bars, the navigation.

mod account;
mod document;
mod frame;
mod live_chip;
mod navigation;
mod shortcuts;
mod theme;

#[cfg(feature = "ssr")]
pub use document::{SiteFiles, announce_pieces, shell};
pub use frame::Frame;
pub use shortcuts::{CHAT_KEYS, GRAPH_KEYS, KEYS};
pub use theme::{SetTheme, ThemeSwitch};

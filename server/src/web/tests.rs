//! Stories at the door: a browser, a stranger, a tricked browser.

mod browser;
mod chat;
mod doors;
mod pages;
mod sessions;
mod strangers;

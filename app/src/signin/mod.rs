//! Before somebody is signed in: signing in, and taking an invitation. Plain forms; no script is needed.

mod door;
mod invite;
mod page;
pub mod password;
pub mod words;

pub use invite::InvitePage;
pub use page::SignInPage;

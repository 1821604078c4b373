//! Help: what the words mean, which keys there are, how an agent joins.

mod glossary;
mod keys;
mod page;
mod protocol;

pub use page::HelpPage;

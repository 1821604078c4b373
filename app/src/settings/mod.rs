//! Settings: people, and how the pages look.

pub mod api;
mod appearance;
mod invitations;
mod password;
mod people;

pub use appearance::AppearancePage;
pub use people::PeoplePage;

use devsquad::Role;

/// What a role may do, in a sentence.
pub fn role_words(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Sees everything, changes nothing.",
        Role::Operator => "Runs workflows: launch, pause, cancel, retry.",
        Role::Reviewer => "Decides approvals as well.",
        Role::Admin => "Manages people and agents as well.",
        Role::Owner => "An admin whom no admin can remove.",
    }
}

/// A role's name for people.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Operator => "Operator",
        Role::Reviewer => "Reviewer",
        Role::Admin => "Admin",
        Role::Owner => "Owner",
    }
}

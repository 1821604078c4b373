//! People of an organization, and those invited.

pub use devsquad::view::{InvitationView, PersonView};

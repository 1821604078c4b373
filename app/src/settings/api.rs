//! Server functions of the settings.
#![expect(missing_docs, reason = "the macro makes a struct of each function's arguments and documents no field")]

use devsquad::Role;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::Failure;
use crate::people::{InvitationView, PersonView};

/// The form a person is invited with.
pub const FORM: &str = "invitation";

/// The people of the organization, and those invited.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PeopleView {
    /// Members.
    pub people: Vec<PersonView>,
    /// Open invitations; `None` when the one who asks may not see them.
    pub invitations: Option<Vec<InvitationView>>,
}

/// An invitation and its link, which is shown this once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewInvitation {
    /// Whom it is for.
    pub email: String,
    /// The role it gives.
    pub role: Role,
    /// Where it is taken.
    pub link: String,
}

/// The people of the organization, and those invited.
#[server(output = crate::wire::Json)]
pub async fn load_people() -> Result<PeopleView, Failure> {
    let backend = crate::backend::backend()?;
    Ok(PeopleView { people: backend.people().await?, invitations: backend.invitations().await.ok() })
}

/// Invites a person.
#[server(output = crate::wire::Json)]
pub async fn invite(email: String, role: Role) -> Result<NewInvitation, Failure> {
    use crate::ui::flash;
    let given = flash::fields([("email", &email), ("role", &role.to_string())]);
    let invited = async { crate::backend::backend()?.invite(email.clone(), role).await };
    let invited = invited.await.map(|link| NewInvitation { email, role, link });
    flash::answer(FORM, given, invited)
}

//! Who is signed in, known to every page from the first picture on.

use devsquad::Role;
use devsquad::view::SessionView;
use leptos::prelude::*;

use crate::ui::SeenOnce;

use crate::error::Failure;

/// The person signed in, live.
#[derive(Clone, Copy)]
pub struct Session(RwSignal<Option<SessionView>>);

impl Session {
    /// Whether the person holds at least this role; a role that is changed counts from the next page on. The server
    /// checks again.
    pub fn may(self, least: Role) -> bool {
        self.0.seen_once(|session| session.as_ref().is_some_and(|session| session.role >= least))
    }

    /// Who it is, live.
    pub fn get(self) -> Option<SessionView> {
        self.0.get()
    }

    /// Who it is now.
    pub fn get_untracked(self) -> Option<SessionView> {
        self.0.get_untracked()
    }

    /// Replaces what is known, after something about it was changed.
    pub fn set(self, session: Option<SessionView>) {
        self.0.set(session);
    }
}

/// Makes the session known; once, at the root.
pub fn provide_session() {
    provide_context(Session(RwSignal::new(SharedValue::new(read).into_inner())));
}

/// The session of this page.
pub fn use_session() -> Session {
    use_context().unwrap_or_else(|| Session(RwSignal::new(None)))
}

#[cfg(feature = "ssr")]
fn read() -> Option<SessionView> {
    crate::backend::backend().ok().and_then(|backend| backend.session())
}

#[cfg(not(feature = "ssr"))]
fn read() -> Option<SessionView> {
    None
}

/// Who is signed in, asked anew.
#[server(output = crate::wire::Json)]
pub async fn get_session() -> Result<Option<SessionView>, Failure> {
    Ok(crate::backend::backend()?.session())
}

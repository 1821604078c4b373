//! How everybody is, mirrored to the chat's users: only what has changed, many in a call.

use std::collections::HashSet;

use devsquad::messaging::user::is_agent;
use serde_json::json;

use super::{IN_A_CALL_MAX, Messenger, Stuck, is_final};
use crate::chat::wire::User;

/// Users told of in one look. The rest has its turn in the next: a large squad at work changes all the time, and what happened is
/// told first.
const TOLD_OF_MAX: usize = 10 * IN_A_CALL_MAX;

impl Messenger {
    /// Tells the chat of users that are not what it was last told.
    pub(super) async fn mirror(&mut self) -> Result<(), Stuck> {
        let mut changed = self.changed();
        let behind = changed.partition_point(|face| face.id <= self.users_told_to);
        changed.rotate_left(behind);
        self.all_told = changed.len() <= TOLD_OF_MAX;
        changed.truncate(TOLD_OF_MAX);
        if let Some(last) = changed.last() {
            self.users_told_to.clone_from(&last.id);
        }
        match self.tell_of(changed).await {
            // One that the chat does not want must not hold up the others; it is seen in the log, and tried at the next look.
            Err(Stuck::Chat(error)) if is_final(&error) => {
                tracing::error!(%error, "the chat refuses to hear how its users are");
                Ok(())
            }
            other => other,
        }
    }

    /// Users that are not what the chat was last told, by id. Who was there and is not any more is offline.
    fn changed(&self) -> Vec<User> {
        let faces = self.faces();
        let there: HashSet<&str> = faces.iter().map(|face| face.id.as_str()).collect();
        let mut gone: Vec<User> = Vec::new();
        let users = self.known.users();
        for (id, told) in users.iter() {
            let Some(told) = told else { continue };
            let field = if is_agent(id) { "agent_status" } else { "presence" };
            let was_there = told.get(field).is_some_and(|status| status != "offline");
            if was_there && !there.contains(id.as_str()) {
                let mut custom = told.clone();
                custom.insert(field.to_owned(), json!("offline"));
                gone.push(User { id: id.clone(), custom, ..User::default() });
            }
        }
        let mut changed: Vec<User> = faces
            .into_iter()
            .filter(|face| users.get(&face.id).and_then(Option::as_ref) != Some(&face.custom))
            .chain(gone)
            .collect();
        changed.sort_by(|a, b| a.id.cmp(&b.id));
        changed
    }
}

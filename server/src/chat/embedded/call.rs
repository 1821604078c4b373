//! One call: who asks, when, and the transaction everything happens in.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use http_body_util::{BodyExt as _, Limited};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Chat;
use super::answer::{Answer, Fault, Outcome};
use super::deliver::Outgoing;
use super::door::Caller;
use super::limits;
use super::permissions::granted;
use crate::chat::wire::Acting;
use crate::clock;
use crate::store::chat::channels::{self, Around, ChannelFacts, Cid};
use crate::store::chat::members::{self, MemberFacts};
use crate::store::chat::settings::{self, TypeRow};
use crate::store::chat::users;
use crate::store::chat::{ChatTx, Custom};

/// A call being answered. Dropped without [`answer`](Self::answer), nothing of it happened.
pub struct Call {
    /// The transaction.
    pub tx: ChatTx,
    /// When it happens.
    pub now: Timestamp,
    /// The user whose token it is; `None`: the application itself.
    pub user: Option<String>,
    /// Webhooks that tell of it.
    pub outgoing: Outgoing,
    role: String,
    app: Option<Value>,
}

/// A call with a body.
pub struct In<T>(pub Call, pub T);

/// A channel and what applies in it.
pub struct Place {
    /// Its name.
    pub cid: Cid,
    /// What the rules ask of it.
    pub facts: ChannelFacts,
    /// Its type.
    pub kind: TypeRow,
    /// The membership of who asks, if it is a user who is a member.
    pub member: Option<MemberFacts>,
}

impl Place {
    /// Whether its type has a feature.
    pub fn has(&self, feature: &str) -> bool {
        self.kind.config.get(feature).and_then(Value::as_bool).unwrap_or(true)
    }

    /// Before which moment the one who asks sees nothing.
    pub fn since(&self) -> Option<Timestamp> {
        self.member.as_ref()?.cleared_at.map(jiff_sqlx::Timestamp::to_jiff)
    }
}

impl FromRequestParts<Chat> for Call {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, chat: &Chat) -> Result<Self, Fault> {
        let caller = parts.extensions.get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| Fault::new(5, "Nobody is known behind this call."))?;
        let mut tx = chat.store.begin_chat().await?;
        let mut role = "admin".to_owned();
        let mut known_app = None;
        if let Some(user) = &caller.user {
            let facts = users::facts(&mut tx, user).await?;
            let facts = facts.filter(|facts| !facts.deleted);
            let facts = facts.ok_or_else(|| Fault::new(5, format!("The user {user} of this token does not exist")))?;
            if facts.deactivated {
                return Err(Fault::new(5, format!("The user {user} of this token is deactivated")));
            }
            let app = settings::app(&mut tx).await?;
            let of_app = app.get("revoke_tokens_issued_before").and_then(Value::as_str).and_then(|at| at.parse().ok());
            let of_user = facts.revoke_before.map(jiff_sqlx::Timestamp::to_jiff);
            // A token that does not say when it was issued was issued before everything.
            let issued = caller.issued_at.unwrap_or(i64::MIN);
            if [of_app, of_user].into_iter().flatten().any(|before: Timestamp| issued < before.as_second()) {
                return Err(Fault::new(40, "The token was revoked"));
            }
            role = facts.role;
            known_app = Some(app);
        }
        let outgoing = Outgoing::new(chat.webhooks.clone());
        Ok(Call { tx, now: clock::now(), user: caller.user, outgoing, role, app: known_app })
    }
}

impl<T: DeserializeOwned + Default + Send> FromRequest<Chat> for In<T> {
    type Rejection = Fault;

    /// The body is read before the transaction begins: a slow one must not hold a connection.
    async fn from_request(request: Request, chat: &Chat) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let body = Limited::new(body, limits::BODY_BYTES_MAX).collect().await;
        let body = body.map_err(|_| Fault::too_big(format!("A body has {} bytes at most", limits::BODY_BYTES_MAX)))?;
        let body = parse(&body.to_bytes())?;
        Ok(In(Call::from_request_parts(&mut parts, chat).await?, body))
    }
}

fn parse<T: DeserializeOwned + Default>(body: &Bytes) -> Result<T, Fault> {
    if body.is_empty() {
        return Ok(T::default());
    }
    let value: Value =
        serde_json::from_slice(body).map_err(|error| Fault::input(format!("The body is no JSON: {error}")))?;
    if has_nul(&value) {
        return Err(Fault::input("A text must not contain the character NUL"));
    }
    serde_path_to_error::deserialize(value)
        .map_err(|error| Fault::input(format!("{}: {}", error.path(), error.inner())))
}

/// PostgreSQL keeps no NUL.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

impl Call {
    /// The application's settings, read once.
    pub async fn app(&mut self) -> Result<&Value, Fault> {
        if self.app.is_none() {
            self.app = Some(settings::app(&mut self.tx).await?);
        }
        Ok(self.app.as_ref().unwrap_or(&Value::Null))
    }

    /// Only the application itself may.
    pub fn server_only(&self) -> Result<(), Fault> {
        match &self.user {
            None => Ok(()),
            Some(user) => Err(Fault::not_allowed(format!("{user} may not do this: it takes a server's token"))),
        }
    }

    /// Who acts: the user whose token it is, or whom the application names; they are made if they are not there.
    pub async fn acting(&mut self, acting: &Acting) -> Result<String, Fault> {
        self.acting_as(named(acting)).await
    }

    /// The same, by an id.
    pub async fn acting_as(&mut self, named: Option<String>) -> Result<String, Fault> {
        let known = match &named {
            Some(named) if self.user.is_none() => {
                // Whoever acts is nearly always there already.
                let facts = users::facts(&mut self.tx, named).await?.filter(|facts| !facts.deleted);
                facts.map(|facts| facts.deactivated)
            }
            _ => None,
        };
        self.acting_known(named, known).await
    }

    /// The same, of a user of whom it is known whether they are there, and deactivated.
    async fn acting_known(&mut self, named: Option<String>, deactivated: Option<bool>) -> Result<String, Fault> {
        match (&self.user, named) {
            (Some(user), Some(named)) if *user != named => {
                Err(Fault::not_allowed(format!("{user} may not act as {named}")))
            }
            (Some(user), _) => Ok(user.clone()),
            (None, Some(named)) => {
                if deactivated.is_none() {
                    self.ensure(std::slice::from_ref(&named)).await?;
                }
                if deactivated == Some(true) {
                    return Err(Fault::not_allowed(format!("{named} is deactivated")));
                }
                Ok(named)
            }
            (None, None) => Err(Fault::input("either user or user_id must be provided with a server's token")),
        }
    }

    /// Who acts, where it need not be said.
    pub async fn maybe_acting(&mut self, acting: &Acting) -> Result<Option<String>, Fault> {
        if self.user.is_none() && acting.user_id.is_none() && acting.user.is_none() {
            return Ok(None);
        }
        self.acting(acting).await.map(Some)
    }

    /// Makes users the application names. A user's token makes nobody.
    pub async fn ensure(&mut self, ids: &[String]) -> Result<(), Fault> {
        if ids.is_empty() {
            return Ok(());
        }
        for id in ids {
            limits::user_id(id)?;
        }
        if self.user.is_none() {
            users::ensure(&mut self.tx, ids, self.now).await?;
        }
        for id in ids {
            let known = users::facts(&mut self.tx, id).await?.is_some_and(|facts| !facts.deleted);
            if !known {
                return Err(Fault::input(format!("The user {id} does not exist")));
            }
        }
        Ok(())
    }

    /// The channel of that name, and what applies in it.
    pub async fn place(&mut self, cid: &Cid) -> Result<Place, Fault> {
        self.find_place(cid).await?.ok_or_else(|| Fault::missing(format!("There is no channel {cid}")))
    }

    /// The same, if it is there.
    pub async fn find_place(&mut self, cid: &Cid) -> Result<Option<Place>, Fault> {
        match channels::around(&mut self.tx, cid, None).await? {
            Some(around) => self.place_of(cid, around).await.map(Some),
            None => Ok(None),
        }
    }

    /// The channel of that name, and who acts there.
    pub async fn place_and_actor(&mut self, cid: &Cid, acting: &Acting) -> Result<(Place, String), Fault> {
        let named = named(acting);
        let around = channels::around(&mut self.tx, cid, named.as_deref()).await?;
        let around = around.ok_or_else(|| Fault::missing(format!("There is no channel {cid}")))?;
        let deactivated = around.actor_deactivated;
        let place = self.place_of(cid, around).await?;
        Ok((place, self.acting_known(named, deactivated).await?))
    }

    async fn place_of(&mut self, cid: &Cid, around: Around) -> Result<Place, Fault> {
        self.app = Some(around.app);
        let member = match self.user.clone() {
            Some(user) => members::facts(&mut self.tx, cid, &user).await?,
            None => None,
        };
        Ok(Place { cid: cid.clone(), facts: around.facts, kind: around.kind, member })
    }

    /// A channel type.
    pub async fn kind(&mut self, name: &str) -> Result<TypeRow, Fault> {
        let kind = settings::channel_type(&mut self.tx, name).await?;
        kind.ok_or_else(|| Fault::missing(format!("There is no channel type {name}")))
    }

    /// Refuses who asks unless they may. `own`: it is about something of their own.
    pub fn require(&self, place: &Place, permission: &str, own: bool) -> Result<(), Fault> {
        let Some(user) = &self.user else { return Ok(()) };
        let mut roles = vec![self.role.as_str()];
        let of_own_channel = place.facts.created_by_id.as_deref() == Some(user.as_str());
        match &place.member {
            Some(member) => roles.extend(["channel_member", member.channel_role.as_str()]),
            // Who made a channel is at home in it.
            None if of_own_channel => roles.push("channel_member"),
            None => {}
        }
        let own = own || (of_own_channel && permission.contains("-channel"));
        self.judge(&place.kind, &roles, permission, own, &place.cid)
    }

    /// The same for a channel that is not there yet.
    pub fn require_in(&self, kind: &TypeRow, permission: &str, cid: &Cid) -> Result<(), Fault> {
        if self.user.is_none() {
            return Ok(());
        }
        self.judge(kind, &[&self.role], permission, false, cid)
    }

    fn judge(&self, kind: &TypeRow, roles: &[&str], permission: &str, own: bool, cid: &Cid) -> Result<(), Fault> {
        if granted(&kind.grants, roles, permission, own) {
            return Ok(());
        }
        let user = self.user.as_deref().unwrap_or_default();
        let roles = roles.join(", ");
        Err(Fault::not_allowed(format!("{user} ({roles}) may not do this in {cid}: {permission} is not granted")))
    }

    /// Whether who asks has the permission.
    pub fn may(&self, place: &Place, permission: &str) -> bool {
        self.require(place, permission, false).is_ok()
    }

    /// The document of who acts.
    pub async fn user_document(&mut self, id: &str) -> Result<Value, Fault> {
        let found = users::documents(&mut self.tx, &[id.to_owned()]).await?;
        Ok(found.into_iter().next().unwrap_or(Value::Null))
    }

    /// Makes it durable, and answers.
    pub async fn answer(self, answer: Value) -> Outcome {
        self.tx.commit().await?;
        self.outgoing.send();
        Ok(Answer(answer))
    }
}

/// Whom the caller says it acts as.
fn named(acting: &Acting) -> Option<String> {
    let named = acting.user_id.clone().or_else(|| acting.user.as_ref().map(|user| user.id.clone()));
    named.filter(|id| !id.is_empty())
}

/// The custom fields of an object.
pub fn custom_of(value: &Value) -> Custom {
    value.as_object().cloned().unwrap_or_default()
}

//! The port of the pages, implemented: reads in the store, changes through the engine.

pub(in crate::web) mod chat;
mod launch;
mod people;
mod squad;

use std::collections::BTreeMap;
use std::future::Future;

use app::backend::Backend;
use app::error::Failure;
use app::people::{InvitationView, PersonView};
use async_trait::async_trait;
use axum::http::request::Parts;
use devsquad::id::{AgentId, TaskId, WorkflowId};
use devsquad::view::chat::{Act, ChannelPage, ChannelView, Draft, FoundMessage, MessageView, Part, ThreadView, Which};
use devsquad::view::{
    AgentSummary, AgentView, AskedView, DashboardView, DisputeView, NeedView, SessionView, TaskDetail, TemplateView,
    WorkflowFilter, WorkflowPage, WorkflowView,
};
use devsquad::{Actor, Answer, Command, Door, Refusal, Role};
use serde_json::Value;
use uuid::Uuid;

use super::App;
use super::csrf::OwnOrigin;
use super::session::{Visitor, Who};
use crate::clock;
use crate::engine::EngineError;
use crate::store::TenantTx;
use crate::store::identity;
use crate::store::pages::{agents, conflicts, dashboard, needs, tasks, workflows};

/// The server as one request sees it.
pub struct WebBackend {
    app: App,
    visitor: Visitor,
    /// How links begin, as the asker sees this server.
    url: String,
    /// Whether this request may change anything: reading a page never does.
    may_write: bool,
}

impl WebBackend {
    /// For the one who sent this request.
    pub fn of_request(app: App, parts: &Parts) -> Self {
        let visitor = parts.extensions.get::<Visitor>().cloned().unwrap_or_default();
        let own = parts.extensions.get::<OwnOrigin>();
        let url = own.map_or_else(|| app.url(), |own| own.0.clone());
        Self { app, visitor, url, may_write: !parts.method.is_safe() }
    }

    fn who(&self) -> Result<&Who, Failure> {
        self.visitor.0.as_deref().ok_or(Failure::SignedOut)
    }

    /// The person signed in, if they hold at least that role and this request may change something.
    fn may(&self, least: Role, verb: &str) -> Result<&Who, Failure> {
        let who = self.who()?;
        self.writes()?;
        let has = who.signed_in.role;
        if has < least {
            return Err(Refusal::RoleTooLow { verb: verb.to_owned(), has, least }.into());
        }
        Ok(who)
    }

    fn writes(&self) -> Result<(), Failure> {
        if self.may_write { Ok(()) } else { Err(Failure::unavailable("Reading a page changes nothing; send a form.")) }
    }

    /// A transaction that reads this person's organization as it is at one moment, whatever happens meanwhile.
    async fn reading(&self) -> Result<TenantTx, Failure> {
        let tenant = self.who()?.tenant();
        self.app.store.begin_read_snapshot(&tenant).await.map_err(unreadable)
    }

    /// A transaction that changes what the engine does not hold.
    async fn writing(&self) -> Result<TenantTx, Failure> {
        let tenant = self.who()?.tenant();
        self.writes()?;
        self.app.store.begin(&tenant).await.map_err(unreadable)
    }
}

/// The database could not answer; what it said is ours to read.
fn unreadable(error: sqlx::Error) -> Failure {
    tracing::error!(%error, "a page could not be read");
    Failure::unavailable("The database cannot answer now. Try again in a moment.")
}

/// What was read, or the word that there is no such thing.
async fn found<T>(
    noun: &str,
    id: impl ToString,
    reading: impl Future<Output = Result<Option<T>, sqlx::Error>>,
) -> Result<T, Failure> {
    reading.await.map_err(unreadable)?.ok_or_else(|| Refusal::not_found(noun, id).into())
}

#[async_trait]
impl Backend for WebBackend {
    fn session(&self) -> Option<SessionView> {
        self.visitor.0.as_ref().map(|who| who.view.clone())
    }

    fn fresh_id(&self) -> Uuid {
        clock::fresh_id()
    }

    async fn perform(&self, command: Command) -> Result<Answer, Failure> {
        let signed_in = &self.who()?.signed_in;
        self.writes()?;
        let actor = Actor::Person { user: signed_in.user, role: signed_in.role, via: Door::Web };
        self.app.engine.perform(signed_in.organization, actor, command, None).await.map_err(|error| match error {
            EngineError::Refused(refusal) => refusal.into(),
            EngineError::Unavailable(message) => Failure::unavailable(message),
        })
    }

    async fn dashboard(&self) -> Result<DashboardView, Failure> {
        dashboard::dashboard(&mut self.reading().await?, clock::now()).await.map_err(unreadable)
    }

    async fn workflows(&self, filter: WorkflowFilter) -> Result<WorkflowPage, Failure> {
        workflows::page(&mut self.reading().await?, &filter).await.map_err(unreadable)
    }

    async fn workflow(&self, id: WorkflowId) -> Result<WorkflowView, Failure> {
        found("workflow", id, workflows::workflow(&mut self.reading().await?, id)).await
    }

    async fn task(&self, workflow: WorkflowId, task: TaskId) -> Result<TaskDetail, Failure> {
        found("task", task, tasks::detail(&mut self.reading().await?, workflow, task)).await
    }

    async fn agents(&self) -> Result<Vec<AgentSummary>, Failure> {
        agents::roster(&mut self.reading().await?).await.map_err(unreadable)
    }

    async fn agent(&self, id: AgentId) -> Result<AgentView, Failure> {
        found("agent", id, agents::agent(&mut self.reading().await?, id)).await
    }

    async fn needs(&self) -> Result<Vec<NeedView>, Failure> {
        needs::needs(&mut self.reading().await?).await.map_err(unreadable)
    }

    async fn questions(&self) -> Result<Vec<AskedView>, Failure> {
        needs::questions(&mut self.reading().await?).await.map_err(unreadable)
    }

    async fn conflicts(&self) -> Result<Vec<DisputeView>, Failure> {
        conflicts::escalated(&mut self.reading().await?).await.map_err(unreadable)
    }

    async fn count_needs(&self) -> Result<usize, Failure> {
        let count = needs::count(&mut self.reading().await?).await.map_err(unreadable)?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    async fn templates(&self) -> Result<Vec<TemplateView>, Failure> {
        self.who()?;
        Ok(self.app.templates.views())
    }

    async fn launch(&self, template: String, parameters: BTreeMap<String, Value>) -> Result<WorkflowId, Failure> {
        self.launch_template(&template, parameters).await
    }

    async fn import(&self, text: String) -> Result<WorkflowId, Failure> {
        self.who()?;
        self.create(crate::templates::import(&text)?).await
    }

    async fn add_agent(&self, name: String, skills: String, capacity: u32) -> Result<(AgentId, String), Failure> {
        self.register_agent(&name, &skills, capacity).await
    }

    async fn finish_welcome(&self, project_name: Option<String>) -> Result<(), Failure> {
        self.end_welcome(project_name.as_deref()).await
    }

    async fn people(&self) -> Result<Vec<PersonView>, Failure> {
        identity::people::people(&mut self.reading().await?).await.map_err(unreadable)
    }

    async fn invitations(&self) -> Result<Vec<InvitationView>, Failure> {
        self.open_invitations().await
    }

    async fn invite(&self, email: String, role: Role) -> Result<String, Failure> {
        self.make_invitation(&email, role).await
    }

    async fn channels(&self, archived: Option<bool>, text: String, page: u32) -> Result<ChannelPage, Failure> {
        self.list_channels(archived, text, page).await
    }

    async fn channel(&self, id: String) -> Result<ChannelView, Failure> {
        self.open_channel(&id).await
    }

    async fn talk_to(&self, agent: AgentId) -> Result<String, Failure> {
        self.open_direct(agent).await
    }

    async fn messages(&self, channel: String, thread: Option<String>, which: Which) -> Result<Part, Failure> {
        self.part(&channel, thread.as_deref(), which).await
    }

    async fn messages_of(&self, channel: String, ids: Vec<String>) -> Result<Vec<MessageView>, Failure> {
        self.some(&channel, &ids).await
    }

    async fn say(&self, channel: String, draft: Draft) -> Result<MessageView, Failure> {
        self.say_in(&channel, draft).await
    }

    async fn act(
        &self,
        channel: String,
        act: Act,
        message: String,
        text: String,
    ) -> Result<Option<MessageView>, Failure> {
        self.do_in(&channel, act, &message, &text).await
    }

    async fn threads(&self) -> Result<Vec<ThreadView>, Failure> {
        self.list_threads().await
    }

    async fn search(&self, channel: Option<String>, words: String) -> Result<Vec<FoundMessage>, Failure> {
        self.find_messages(channel.as_deref(), &words).await
    }

    async fn unread(&self) -> Result<u32, Failure> {
        self.count_unread().await
    }
}

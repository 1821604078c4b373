//! The one port to the server: everything a page asks for, and the one way to change anything.
//!
//! It is owned by the side that asks and made anew for every request, bound to who is signed in. What is read is read
//! under row-level security; what is changed goes through `perform`.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use devsquad::id::{AgentId, TaskId, WorkflowId};
use devsquad::view::chat::{Act, ChannelPage, ChannelView, Draft, FoundMessage, MessageView, Part, ThreadView, Which};
use devsquad::view::{
    AgentSummary, AgentView, AskedView, DashboardView, DisputeView, NeedView, SessionView, TaskDetail, TemplateView,
    WorkflowFilter, WorkflowPage, WorkflowView,
};
use devsquad::{Answer, Command, Role};
use leptos::prelude::use_context;
use serde_json::Value;
use uuid::Uuid;

use crate::error::Failure;
use crate::people::{InvitationView, PersonView};

/// The server, as the pages see it. Every method but `session` and `fresh_id` refuses with `Failure::SignedOut` when
/// nobody is signed in.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Who is signed in.
    fn session(&self) -> Option<SessionView>;
    /// A fresh id for something new.
    fn fresh_id(&self) -> Uuid;
    /// Carries out a command as the person signed in.
    async fn perform(&self, command: Command) -> Result<Answer, Failure>;

    /// The overview.
    async fn dashboard(&self) -> Result<DashboardView, Failure>;
    /// One page of the list of workflows.
    async fn workflows(&self, filter: WorkflowFilter) -> Result<WorkflowPage, Failure>;
    /// One workflow.
    async fn workflow(&self, id: WorkflowId) -> Result<WorkflowView, Failure>;
    /// One task, with everything about it.
    async fn task(&self, workflow: WorkflowId, task: TaskId) -> Result<TaskDetail, Failure>;
    /// The roster, by name.
    async fn agents(&self) -> Result<Vec<AgentSummary>, Failure>;
    /// One agent.
    async fn agent(&self, id: AgentId) -> Result<AgentView, Failure>;
    /// What waits for a person, oldest first.
    async fn needs(&self) -> Result<Vec<NeedView>, Failure>;
    /// What agents ask people, oldest first.
    async fn questions(&self) -> Result<Vec<AskedView>, Failure>;
    /// What agents cannot agree about, oldest first.
    async fn conflicts(&self) -> Result<Vec<DisputeView>, Failure>;
    /// How much there is of all three.
    async fn count_needs(&self) -> Result<usize, Failure>;

    /// The templates on offer.
    async fn templates(&self) -> Result<Vec<TemplateView>, Failure>;
    /// Makes a workflow from a template and starts it.
    async fn launch(&self, template: String, parameters: BTreeMap<String, Value>) -> Result<WorkflowId, Failure>;
    /// Makes a workflow from a YAML or JSON text and starts it.
    async fn import(&self, text: String) -> Result<WorkflowId, Failure>;
    /// Registers an agent that speaks HTTP; gives its id and its token, which is shown this once.
    async fn add_agent(&self, name: String, skills: String, capacity: u32) -> Result<(AgentId, String), Failure>;

    /// Names the project and ends the first-run wizard for this person.
    async fn finish_welcome(&self, project_name: Option<String>) -> Result<(), Failure>;
    /// The people of the organization.
    async fn people(&self) -> Result<Vec<PersonView>, Failure>;
    /// Invitations that are open.
    async fn invitations(&self) -> Result<Vec<InvitationView>, Failure>;
    /// Invites a person; gives the link, which is shown this once.
    async fn invite(&self, email: String, role: Role) -> Result<String, Failure>;

    /// One page of the channels this person may read, the one with the newest message first.
    async fn channels(&self, archived: Option<bool>, text: String, page: u32) -> Result<ChannelPage, Failure>;
    /// One channel.
    async fn channel(&self, id: String) -> Result<ChannelView, Failure>;
    /// The channel in which this person and an agent talk, made where it is not there; gives its id.
    async fn talk_to(&self, agent: AgentId) -> Result<String, Failure>;
    /// Part of a channel, or of a thread in it.
    async fn messages(&self, channel: String, thread: Option<String>, which: Which) -> Result<Part, Failure>;
    /// Messages of a channel by their ids; those that are gone are left out.
    async fn messages_of(&self, channel: String, ids: Vec<String>) -> Result<Vec<MessageView>, Failure>;
    /// Says something in a channel.
    async fn say(&self, channel: String, draft: Draft) -> Result<MessageView, Failure>;
    /// Does something to a channel or to a message in it; gives the message as it is then.
    async fn act(
        &self,
        channel: String,
        act: Act,
        message: String,
        text: String,
    ) -> Result<Option<MessageView>, Failure>;
    /// Threads that wait for this person, and those they take part in.
    async fn threads(&self) -> Result<Vec<ThreadView>, Failure>;
    /// Messages with all these words, in one channel or in all; the newest first.
    async fn search(&self, channel: Option<String>, words: String) -> Result<Vec<FoundMessage>, Failure>;
    /// How many messages this person has not read.
    async fn unread(&self) -> Result<u32, Failure>;
}

/// The backend of this request.
pub fn backend() -> Result<Arc<dyn Backend>, Failure> {
    use_context::<Arc<dyn Backend>>().ok_or_else(|| Failure::unavailable("no backend in this request"))
}

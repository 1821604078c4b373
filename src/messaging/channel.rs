//! The channels of an organization: which there are, who belongs in each, and in which ones an event is told.
//!
//! An event is told in full in one place. Where others have to know of it too, a copy with an id of its own says so and points
//! there; being made of the event's id and the channel's purpose, it is the same copy however often it is told.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::actor::Role;
use crate::event::{Change, Event};
use crate::id::{AgentId, OrganizationId, ProjectId, TaskId, UserId, WorkflowId};
use crate::messaging::message::{self, About, Author, MessageKind, Original, Post};
use crate::messaging::user::{agent_of, person_of, user_of_agent, user_of_person};
use crate::messaging::wording;
use crate::workflow::WorkflowStatus;
use crate::workflow::checks::CheckpointKind;
use crate::workflow::waiting::STEP_LAST;

/// Characters of a channel's id. The hosted service's limit.
pub const ID_MAX: usize = 64;
/// Channels of skills, the ones that most agents share first: agents of the squad may name any number of skills, and a list of
/// channels that nobody can look through serves nobody.
pub const SKILL_CHANNELS_MAX: usize = 200;
/// Characters of a skill as it stands in an id: what `skill-` and the organization leave.
const SKILL_CHARS: usize = ID_MAX - "skill-".len() - 32 - 1;
/// All digits and small letters.
const SHORT_BASE: u32 = 36;
/// Hexadecimal digits that tell two skills apart which look the same once they are cleaned.
const HASH_CHARS: usize = 12;

/// What a channel is for. The names are those of the column `purpose`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// A project's squad, as a whole.
    Project,
    /// One workflow; a thread for each task.
    Workflow,
    /// Those who have a skill.
    Skill,
    /// Those who settle something between them.
    Coordination,
    /// What somebody must act on now.
    Emergency,
    /// What waits for a person's decision.
    Approvals,
    /// What was reached.
    Progress,
    /// What one agent and one person say to each other.
    Direct,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Purpose; 8] = [
        Purpose::Project,
        Purpose::Workflow,
        Purpose::Skill,
        Purpose::Coordination,
        Purpose::Emergency,
        Purpose::Approvals,
        Purpose::Progress,
        Purpose::Direct,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Project => "project",
            Purpose::Workflow => "workflow",
            Purpose::Skill => "skill",
            Purpose::Coordination => "coordination",
            Purpose::Emergency => "emergency",
            Purpose::Approvals => "approvals",
            Purpose::Progress => "progress",
            Purpose::Direct => "direct",
        }
    }

    /// The purpose of that name, if there is one.
    pub fn parse(name: &str) -> Option<Purpose> {
        Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }
}

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Of a project's squad.
    Project(ProjectId),
    /// Of a workflow.
    Workflow(WorkflowId),
    /// Of those who have a skill.
    Skill(OrganizationId, String),
    /// Of those who settle something.
    Coordination(Uuid),
    /// Of a project's emergencies.
    Emergency(ProjectId),
    /// Of a project's approvals.
    Approvals(ProjectId),
    /// Of a project's progress.
    Progress(ProjectId),
    /// Of an agent and a person.
    Direct(AgentId, UserId),
}

impl Channel {
    /// What it is for.
    pub fn purpose(&self) -> Purpose {
        match self {
            Channel::Project(_) => Purpose::Project,
            Channel::Workflow(_) => Purpose::Workflow,
            Channel::Skill(..) => Purpose::Skill,
            Channel::Coordination(_) => Purpose::Coordination,
            Channel::Emergency(_) => Purpose::Emergency,
            Channel::Approvals(_) => Purpose::Approvals,
            Channel::Progress(_) => Purpose::Progress,
            Channel::Direct(..) => Purpose::Direct,
        }
    }

    /// Its id: at most [`ID_MAX`] of `[A-Za-z0-9!_-]`. Other organizations may have the same skills and talk at the same server, so
    /// theirs is in it.
    pub fn id(&self) -> String {
        match self {
            Channel::Project(project) => format!("project-{project}"),
            Channel::Workflow(workflow) => format!("workflow-{workflow}"),
            Channel::Skill(organization, skill) => format!("skill-{}-{}", organization.0.simple(), in_id(skill)),
            Channel::Coordination(id) => format!("coord-{id}"),
            Channel::Emergency(project) => format!("emergency-{project}"),
            Channel::Approvals(project) => format!("approvals-{project}"),
            Channel::Progress(project) => format!("progress-{project}"),
            Channel::Direct(agent, person) => format!("direct-{}-{}", short(agent.0), short(person.0)),
        }
    }

    /// The agent and the person who talk in the channel of that id, if it is one of two.
    pub fn direct_of(id: &str) -> Option<(AgentId, UserId)> {
        let (agent, person) = id.strip_prefix("direct-")?.split_once('-')?;
        let id = |text| u128::from_str_radix(text, SHORT_BASE).ok().map(Uuid::from_u128);
        Some((AgentId(id(agent)?), UserId(id(person)?)))
    }

    /// What is settled in the channel of that id, if something is.
    pub fn coordination_of(id: &str) -> Option<Uuid> {
        id.strip_prefix("coord-")?.parse().ok()
    }

    /// The project it belongs to, where that is all it needs.
    pub fn project(&self) -> Option<ProjectId> {
        match self {
            Channel::Project(id) | Channel::Emergency(id) | Channel::Approvals(id) | Channel::Progress(id) => Some(*id),
            Channel::Workflow(_) | Channel::Skill(..) | Channel::Coordination(_) | Channel::Direct(..) => None,
        }
    }
}

/// An id in as few characters as small letters and digits allow: two of them are too long for a channel's id otherwise.
fn short(id: Uuid) -> String {
    let mut rest = id.as_u128();
    let mut digits = Vec::new();
    loop {
        digits.extend(char::from_digit((rest % u128::from(SHORT_BASE)) as u32, SHORT_BASE));
        rest /= u128::from(SHORT_BASE);
        if rest == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

/// A skill as it may stand in an id: itself where it fits; otherwise what fits of it, `!`, and a hash of all of it. A skill that fits
/// has no `!` in it, so the two never meet.
fn in_id(skill: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if !skill.is_empty() && skill.len() <= SKILL_CHARS && skill.chars().all(fits) {
        return skill.to_owned();
    }
    let cleaned = skill.chars().map(|c| c.to_ascii_lowercase()).map(|c| if fits(c) { c } else { '_' });
    let cleaned: String = cleaned.take(SKILL_CHARS - HASH_CHARS - 1).collect();
    let hash = format!("{:016x}", fnv(skill.as_bytes()));
    format!("{cleaned}!{}", &hash[..HASH_CHARS])
}

/// FNV-1a: it keeps names apart that were not made to meet. Whoever has them meet shares a channel with a skill of their own
/// organization, no more.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Everybody who is there now: people who are members and not disabled, agents that have not left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Squad {
    /// People, by role.
    pub people: BTreeMap<UserId, Role>,
    /// Agents, by what they can do.
    pub agents: BTreeMap<AgentId, Vec<String>>,
}

/// People and agents of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// Agents.
    pub agents: BTreeSet<AgentId>,
    /// People.
    pub people: BTreeSet<UserId>,
}

impl Squad {
    /// Who belongs in a channel. `involved` are those it is about: the agents a workflow was given to and the person who created it;
    /// the agents that failed; the two sides of a coordination. Who is not there any more belongs nowhere.
    pub fn members(&self, channel: &Channel, involved: &Members) -> Members {
        match channel {
            Channel::Project(_) => {
                Members { agents: self.agents.keys().copied().collect(), people: self.from(Role::Viewer) }
            }
            Channel::Workflow(_) => {
                let Members { agents, mut people } = self.still_there(involved);
                people.extend(self.from(Role::Owner));
                Members { agents, people }
            }
            Channel::Skill(_, skill) => {
                let able = self.agents.iter().filter(|(_, skills)| skills.contains(skill));
                Members { agents: able.map(|(id, _)| *id).collect(), people: BTreeSet::new() }
            }
            Channel::Coordination(_) => self.still_there(involved),
            Channel::Emergency(_) => {
                Members { agents: self.still_there(involved).agents, people: self.from(Role::Admin) }
            }
            Channel::Approvals(_) => Members { agents: BTreeSet::new(), people: self.from(Role::Reviewer) },
            Channel::Progress(_) => Members { agents: BTreeSet::new(), people: self.from(Role::Viewer) },
            Channel::Direct(agent, person) => {
                self.still_there(&Members { agents: BTreeSet::from([*agent]), people: BTreeSet::from([*person]) })
            }
        }
    }

    /// Those of the people who came into a channel by themselves who may stay: what is not closed is read by everybody who is there. In
    /// a closed channel is who belongs there, and nobody else.
    pub fn may_stay(&self, channel: &Channel, joined: &BTreeSet<UserId>) -> BTreeSet<UserId> {
        match channel {
            Channel::Emergency(_) | Channel::Approvals(_) | Channel::Direct(..) => BTreeSet::new(),
            Channel::Project(_)
            | Channel::Workflow(_)
            | Channel::Skill(..)
            | Channel::Coordination(_)
            | Channel::Progress(_) => joined.iter().filter(|id| self.people.contains_key(id)).copied().collect(),
        }
    }

    /// The skills that have channels, the ones that most agents share first.
    pub fn skills(&self) -> Vec<&str> {
        let mut shared: BTreeMap<&str, usize> = BTreeMap::new();
        for skill in self.agents.values().flatten() {
            *shared.entry(skill).or_default() += 1;
        }
        let mut skills: Vec<(&str, usize)> = shared.into_iter().collect();
        skills.sort_by_key(|(_, agents)| std::cmp::Reverse(*agents));
        skills.into_iter().take(SKILL_CHANNELS_MAX).map(|(skill, _)| skill).collect()
    }

    /// People with that role or more.
    fn from(&self, least: Role) -> BTreeSet<UserId> {
        self.people.iter().filter(|(_, role)| **role >= least).map(|(id, _)| *id).collect()
    }

    fn still_there(&self, involved: &Members) -> Members {
        Members {
            agents: involved.agents.iter().filter(|id| self.agents.contains_key(id)).copied().collect(),
            people: involved.people.iter().filter(|id| self.people.contains_key(id)).copied().collect(),
        }
    }
}

impl Members {
    /// The chat's users of all of them.
    pub fn users(&self) -> BTreeSet<String> {
        let agents = self.agents.iter().copied().map(user_of_agent);
        agents.chain(self.people.iter().copied().map(user_of_person)).collect()
    }

    /// Agents and people among these users of the chat.
    pub fn of_users<'a>(users: impl IntoIterator<Item = &'a str>) -> Members {
        let mut members = Members::default();
        for user in users {
            members.agents.extend(agent_of(user));
            members.people.extend(person_of(user));
        }
        members
    }
}

/// A message, and the channel it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Where.
    pub channel: Channel,
    /// What.
    pub post: Post,
}

impl Letter {
    /// What it says of its event. `tasks`, `agents` and `workflows` give names.
    pub fn text(
        &self,
        event: &Event,
        tasks: &dyn Fn(TaskId) -> Option<String>,
        agents: &dyn Fn(AgentId) -> Option<String>,
        workflows: &dyn Fn(WorkflowId) -> Option<String>,
    ) -> String {
        let sentence = self.post.text(event, tasks, agents);
        match (self.channel.purpose(), self.post.about.workflow_id.and_then(workflows)) {
            (Purpose::Workflow, _) | (_, None) => sentence,
            (_, Some(workflow)) => wording::elsewhere(event, &workflow, sentence),
        }
    }
}

/// All messages that tell an event. `project` is that of the workflow it is about; `projects` are those there were when it happened,
/// which all hear of agents that come and go.
pub fn letters(event: &Event, project: Option<ProjectId>, projects: &[ProjectId]) -> Vec<Letter> {
    let mut letters = Vec::new();
    for post in message::posts(event) {
        match post.about.workflow_id {
            Some(workflow) => letters.push(Letter { channel: Channel::Workflow(workflow), post }),
            None => letters.extend(projects.iter().map(|project| {
                let id = format!("{}-{}-{project}", post.id, Purpose::Project.as_str());
                Letter { channel: Channel::Project(*project), post: Post { id, ..post.clone() } }
            })),
        }
    }
    let Some(project) = project else { return letters };
    let copies: Vec<Letter> = letters
        .first()
        .into_iter()
        .flat_map(|full| told_also(&event.change, project).into_iter().map(|channel| copy(full, channel)))
        .collect();
    letters.extend(copies);
    letters
}

/// The channels beside the workflow's own in which an event is told.
fn told_also(change: &Change, project: ProjectId) -> Vec<Channel> {
    match change {
        Change::CheckpointOpened { kind: CheckpointKind::Approval, .. } | Change::CheckpointEscalated { .. } => {
            vec![Channel::Approvals(project)]
        }
        // What was asked there is answered there. Reviews of agents were never asked there.
        Change::CheckpointDecided { attempt: None, .. } | Change::CheckpointWaived { .. } => {
            vec![Channel::Approvals(project)]
        }
        // Whoever knows the answer may give it: the whole squad hears that somebody waits for one.
        Change::QuestionAsked { .. } | Change::QuestionAnswered { .. } => vec![Channel::Project(project)],
        // Those two settle it in a channel of their own, and a person who has to step in finds everything there.
        Change::ConflictRaised { conflict, .. } => vec![Channel::Coordination(conflict.id.0)],
        Change::ResolutionProposed { conflict, .. } | Change::ConflictResolved { conflict, .. } => {
            vec![Channel::Coordination(conflict.0)]
        }
        Change::ConflictEscalated { conflict, step, .. } => {
            let loudest = if *step >= STEP_LAST { Channel::Emergency(project) } else { Channel::Project(project) };
            vec![Channel::Coordination(conflict.0), loudest]
        }
        // A reminder goes to those who may decide; the last one to those who can do something about it.
        Change::WaitEscalated { step, .. } if *step >= STEP_LAST => {
            vec![Channel::Approvals(project), Channel::Emergency(project)]
        }
        Change::WaitEscalated { .. } => vec![Channel::Approvals(project)],
        Change::WorkflowCreated(_) | Change::WorkflowResumed { .. } => vec![Channel::Progress(project)],
        Change::WorkflowEnded { status, .. } => match status {
            WorkflowStatus::Completed => vec![Channel::Progress(project)],
            WorkflowStatus::Failed | WorkflowStatus::TimedOut => vec![Channel::Emergency(project)],
            // Somebody meant it.
            WorkflowStatus::Cancelled | WorkflowStatus::Running | WorkflowStatus::Paused => Vec::new(),
        },
        Change::TaskFailed { .. } => vec![Channel::Emergency(project)],
        Change::CheckpointOpened { kind: CheckpointKind::PeerReview, .. }
        | Change::CheckpointDecided { attempt: Some(_), .. }
        | Change::WorkflowPaused { .. }
        | Change::WorkflowPrioritised { .. }
        | Change::TaskAssigned { .. }
        | Change::TasksReady { .. }
        | Change::TaskLeased(_)
        | Change::AttemptProgressed { .. }
        | Change::LeaseExtended { .. }
        | Change::AttemptEnded { .. }
        | Change::TaskRetryScheduled { .. }
        | Change::ResultHandedIn { .. }
        | Change::TaskReworked { .. }
        | Change::TaskCompleted { .. }
        | Change::TasksSkipped { .. }
        | Change::TaskRetried { .. }
        | Change::AgentRegistered(_)
        | Change::AgentRetired { .. }
        | Change::AgentPresenceChanged { .. }
        | Change::AgentSeen { .. } => Vec::new(),
    }
}

/// The same message for another channel: it stands in no thread there, and points to the one it came from.
fn copy(full: &Letter, channel: Channel) -> Letter {
    let original = Original {
        channel_id: full.channel.id(),
        message_id: full.post.id.clone(),
        thread_id: full.post.about.task_id.map(message::thread_of),
    };
    let about = About { original: Some(original), ..full.post.about.clone() };
    let id = format!("{}-{}", full.post.about.event_id, channel.purpose().as_str());
    Letter { channel, post: Post { id, about, author: full.post.author } }
}

/// What a project hears when the chat refused a message for good: its event, and where it should have stood. It is about a message,
/// never about another of its kind.
pub fn undelivered(letter: &Letter, project: ProjectId) -> Letter {
    let original = Original { channel_id: letter.channel.id(), message_id: letter.post.id.clone(), thread_id: None };
    let about = About { kind: MessageKind::ErrorReport, original: Some(original), ..letter.post.about.clone() };
    let post = Post { id: undelivered_id(&letter.post.id), author: Author::System, about };
    Letter { channel: Channel::Project(project), post }
}

/// The id of the message that says that another could not be delivered.
pub fn undelivered_id(message: &str) -> String {
    format!("{message}-undelivered")
}

#[cfg(test)]
mod tests;

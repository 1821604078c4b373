//! Who belongs where, and what is told where.

use super::*;
use crate::messaging::samples::{self, AGENT, PROJECT, TASK, WORKFLOW};

fn squad() -> Squad {
    let person = |n: u128, role| (UserId(Uuid::from_u128(n)), role);
    let agent =
        |n: u128, skills: &[&str]| (AgentId(Uuid::from_u128(n)), skills.iter().map(|s| (*s).to_owned()).collect());
    Squad {
        people: BTreeMap::from([
            person(1, Role::Viewer),
            person(2, Role::Operator),
            person(3, Role::Reviewer),
            person(4, Role::Admin),
            person(5, Role::Owner),
        ]),
        agents: BTreeMap::from([agent(11, &["rust", "review"]), agent(12, &["rust"]), agent(13, &[])]),
    }
}

/// Who is in a channel, as numbers.
fn numbers(members: &Members) -> Vec<u128> {
    let agents = members.agents.iter().map(|id| id.0.as_u128());
    agents.chain(members.people.iter().map(|id| id.0.as_u128())).collect()
}

fn involved(agents: &[u128], people: &[u128]) -> Members {
    Members {
        agents: agents.iter().map(|n| AgentId(Uuid::from_u128(*n))).collect(),
        people: people.iter().map(|n| UserId(Uuid::from_u128(*n))).collect(),
    }
}

#[test]
fn the_id_of_a_conversation_says_whose_it_is() {
    for (agent, person) in [(u128::MAX, u128::MAX), (0, 1), (36, 35), (0x0192_f4e7_dead_beef, u128::MAX - 1)] {
        let sides = (AgentId(Uuid::from_u128(agent)), UserId(Uuid::from_u128(person)));
        let id = Channel::Direct(sides.0, sides.1).id();
        assert!(id.len() <= ID_MAX && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{id}");
        assert_eq!(Channel::direct_of(&id), Some(sides), "{id}");
    }
    for other in ["direct-", "direct-a", "direct--", "direct-a-ö", "workflow-a-b", "direct-1-2-3"] {
        assert_eq!(Channel::direct_of(other), None, "{other}");
    }
}

#[test]
fn each_purpose_has_its_members() {
    let of = |channel: Channel| numbers(&squad().members(&channel, &involved(&[12, 99], &[1, 98])));
    assert_eq!(of(Channel::Project(PROJECT)), [11, 12, 13, 1, 2, 3, 4, 5]);
    assert_eq!(of(Channel::Workflow(WORKFLOW)), [12, 1, 5], "those assigned, its creator, the owners; nobody who left");
    assert_eq!(of(Channel::Skill(OrganizationId(Uuid::nil()), "rust".to_owned())), [11, 12]);
    assert_eq!(of(Channel::Coordination(Uuid::nil())), [12, 1]);
    assert_eq!(of(Channel::Emergency(PROJECT)), [12, 4, 5], "the one that failed, and who can do something");
    assert_eq!(of(Channel::Approvals(PROJECT)), [3, 4, 5]);
    assert_eq!(of(Channel::Progress(PROJECT)), [1, 2, 3, 4, 5]);
    let direct = |agent, person| Channel::Direct(AgentId(Uuid::from_u128(agent)), UserId(Uuid::from_u128(person)));
    assert_eq!(of(direct(13, 2)), [13, 2], "the two, whoever else is spoken of");
    assert_eq!(of(direct(99, 2)), [2], "who left is in it no more");
}

#[test]
fn who_came_by_themselves_stays_where_everybody_may_read() {
    let joined: BTreeSet<UserId> = [1, 2, 98].map(|n| UserId(Uuid::from_u128(n))).into();
    let stay = |channel: Channel| -> Vec<u128> {
        squad().may_stay(&channel, &joined).iter().map(|id| id.0.as_u128()).collect()
    };
    let skill = Channel::Skill(OrganizationId(Uuid::nil()), "rust".to_owned());
    for open in [Channel::Project(PROJECT), Channel::Workflow(WORKFLOW), skill, Channel::Coordination(Uuid::nil())] {
        assert_eq!(stay(open), [1, 2], "not who left");
    }
    assert!(stay(Channel::Emergency(PROJECT)).is_empty() && stay(Channel::Approvals(PROJECT)).is_empty());
}

#[test]
fn users_of_the_chat_are_read_back() {
    let all = involved(&[11, 12], &[1]);
    let users = all.users();
    assert_eq!(Members::of_users(users.iter().map(String::as_str)), all);
    assert_eq!(Members::of_users(["devsquad", "agent-x", "person", "mallory-1"]), Members::default());
}

#[test]
fn ids_fit_and_tell_skills_and_organizations_apart() {
    let [one, other] = [1, 2].map(|n| OrganizationId(Uuid::from_u128(n)));
    let long = "a-very-long-name-of-a-skill/with.dots";
    let skills = ["rust", "c", "c++", "c#", "C", "ä", "", long, "a-very-long-name-of-a-skill/with_dots", "r!ust"];
    let mut ids = BTreeSet::new();
    for organization in [one, other] {
        for skill in skills {
            assert!(ids.insert(Channel::Skill(organization, skill.to_owned()).id()), "{skill}");
        }
    }
    let uuid = Uuid::from_u128(u128::MAX);
    for channel in [
        Channel::Project(ProjectId(uuid)),
        Channel::Workflow(WorkflowId(uuid)),
        Channel::Coordination(uuid),
        Channel::Emergency(ProjectId(uuid)),
        Channel::Approvals(ProjectId(uuid)),
        Channel::Progress(ProjectId(uuid)),
        Channel::Direct(AgentId(uuid), UserId(Uuid::nil())),
    ] {
        assert!(ids.insert(channel.id()));
        assert_eq!(Purpose::parse(channel.purpose().as_str()), Some(channel.purpose()));
    }
    for id in ids {
        assert!(id.len() <= ID_MAX, "{id}");
        assert!(id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '!' | '_' | '-')), "{id}");
    }
    assert!(Channel::Skill(one, "rust".to_owned()).id().ends_with("-rust"), "a plain name stays readable");
}

#[test]
fn the_skills_that_most_share_come_first() {
    assert_eq!(squad().skills(), ["rust", "review"]);
    let mut many = squad();
    let skills = (0..300).map(|n| format!("skill-{n}")).collect();
    many.agents.insert(AgentId(Uuid::from_u128(20)), skills);
    assert_eq!(many.skills().len(), SKILL_CHANNELS_MAX);
    assert_eq!(many.skills()[0], "rust");
}

/// Where a kind of event is told: purposes and ids.
fn told(name: &str) -> Vec<(&'static str, String)> {
    let change = samples::changes().into_iter().find(|change| change.name() == name).expect("a sample");
    let event = samples::event(change);
    let project = event.change.workflow().map(|_| PROJECT);
    let all = letters(&event, project, &[PROJECT]);
    assert_eq!(all, letters(&event, project, &[PROJECT]), "the same however often");
    let short = |id: &str| id.trim_start_matches(&event.id.to_string()).to_owned();
    all.iter().map(|letter| (letter.channel.purpose().as_str(), short(&letter.post.id))).collect()
}

#[test]
fn what_others_must_know_is_told_them_too() {
    let here = |rest: &str| rest.to_owned();
    assert_eq!(told("task_leased"), [("workflow", here(""))]);
    assert_eq!(told("workflow_created"), [("workflow", here("")), ("progress", here("-progress"))]);
    assert_eq!(told("checkpoint_escalated"), [("workflow", here("")), ("approvals", here("-approvals"))]);
    assert_eq!(told("task_failed"), [("workflow", here("")), ("emergency", here("-emergency"))]);
    assert_eq!(told("agent_registered"), [("project", format!("-project-{PROJECT}"))]);
    assert_eq!(told("tasks_ready"), []);
}

#[test]
fn a_copy_points_to_the_thread_it_came_from() {
    let change = Change::CheckpointEscalated { workflow: WORKFLOW, task: TASK, checkpoint: Uuid::nil().into() };
    let all = letters(&samples::event(change), Some(PROJECT), &[]);
    let [full, copy] = all.as_slice() else { panic!("two messages") };
    assert_eq!(full.post.about.original, None);
    assert_eq!(
        copy.post.about.original,
        Some(Original {
            channel_id: format!("workflow-{WORKFLOW}"),
            message_id: full.post.id.clone(),
            thread_id: Some(format!("task-{TASK}")),
        })
    );
    let again = undelivered(copy, PROJECT);
    assert_eq!(again.post.id, format!("{}-undelivered", copy.post.id));
    assert_eq!((again.channel, again.post.author), (Channel::Project(PROJECT), Author::System));
}

#[test]
fn without_a_project_an_event_is_told_in_its_workflow_only() {
    let event = samples::event(Change::WorkflowResumed { workflow: WORKFLOW });
    assert_eq!(letters(&event, None, &[]).len(), 1);
    assert!(letters(&samples::event(Change::AgentRetired { agent: AGENT }), None, &[]).is_empty());
}

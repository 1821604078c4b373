//! Whether an agent can be given work right now: computed from leases, signs of life and outcomes, never claimed by the agent.

use serde::{Deserialize, Serialize};

use super::Agent;

/// What is said of an agent. The first that fits counts: who is not there is offline whatever else is true, and what fails is said
/// before what is full, because somebody should look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Heard of lately, with room for more work.
    Available,
    /// Heard of lately, every slot taken.
    Busy,
    /// Not heard of for longer than `PRESENCE_TIMEOUT`.
    Offline,
    /// Heard of lately, but its last attempts all failed.
    Error,
}

impl Presence {
    /// All of them.
    pub const ALL: [Presence; 4] = [Presence::Available, Presence::Busy, Presence::Offline, Presence::Error];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Presence::Available => "available",
            Presence::Busy => "busy",
            Presence::Offline => "offline",
            Presence::Error => "error",
        }
    }

    /// The presence of that name, if there is one.
    pub fn parse(name: &str) -> Option<Presence> {
        Presence::ALL.into_iter().find(|presence| presence.as_str() == name)
    }
}

/// The presence of an agent, from what is known.
pub fn presence(agent: &Agent) -> Presence {
    if !agent.online || agent.retired_at.is_some() {
        Presence::Offline
    } else if agent.record.is_failing() {
        Presence::Error
    } else if agent.room() == 0 {
        Presence::Busy
    } else {
        Presence::Available
    }
}

/// How much of a capacity is in use, in percent. More than all of it is possible: a capacity can be lowered under leases that live.
pub fn workload_percentage(live: u32, capacity: u32) -> u32 {
    match capacity {
        0 => 0,
        capacity => u32::try_from(u64::from(live) * 100 / u64::from(capacity)).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::agent::track_record::FAILING_AFTER;

    fn agent(capacity: u32) -> Agent {
        let profile = json!({"id": uuid::Uuid::nil(), "name": "ada", "adapter": "http", "capacity": capacity, "skills": [],
                             "cost_per_hour": null});
        Agent::join(serde_json::from_value(profile).expect("a profile"), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_fails_again_and_again_is_in_error_until_something_succeeds() {
        let mut ada = agent(1);
        for _ in 1..FAILING_AFTER {
            ada.record.fail();
            assert_eq!(presence(&ada), Presence::Available);
        }
        ada.record.fail();
        assert_eq!(presence(&ada), Presence::Error);
        ada.live = 1;
        assert_eq!(presence(&ada), Presence::Error, "rather than busy");
        ada.online = false;
        assert_eq!(presence(&ada), Presence::Offline, "whatever it did before");
        ada.online = true;
        ada.record.succeed();
        assert_eq!(presence(&ada), Presence::Busy);
        ada.retired_at = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(presence(&ada), Presence::Offline);
    }

    #[test]
    fn names_are_read_back() {
        for presence in Presence::ALL {
            assert_eq!(Presence::parse(presence.as_str()), Some(presence));
        }
        assert_eq!(Presence::parse("away"), None);
    }

    #[test]
    fn workload_is_a_share_of_capacity() {
        assert_eq!([(0, 0), (1, 3), (3, 3), (4, 2)].map(|(live, of)| workload_percentage(live, of)), [0, 33, 100, 200]);
    }
}

//! How an event is written and read.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Change, Event};
use crate::actor::Actor;
use crate::id::EventId;

/// An event on the wire. The change is read by its name from text: `flatten` and tags would have every type of it read by a second
/// reader, from a copy in memory, which is code every browser would load.
#[derive(Serialize, Deserialize)]
struct Line {
    seq: u64,
    id: EventId,
    #[serde(with = "crate::wire_time")]
    at: Timestamp,
    actor: Actor,
    #[serde(rename = "type")]
    name: String,
    data: Box<RawValue>,
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let data = self.change.data().and_then(RawValue::from_string).map_err(S::Error::custom)?;
        let Event { seq, id, at, ref actor, ref change } = *self;
        Line { seq, id, at, actor: actor.clone(), name: change.name().to_owned(), data }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Event, D::Error> {
        let Line { seq, id, at, actor, name, data } = Line::deserialize(deserializer)?;
        let change = Change::read(&name, data.get()).map_err(D::Error::custom)?;
        Ok(Event { seq, id, at, actor, change })
    }
}

impl Change {
    /// What happened, as JSON, without its name.
    pub fn data(&self) -> serde_json::Result<String> {
        let named = serde_json::to_string(self)?;
        let data = named.strip_prefix("{\"").and_then(|rest| rest.strip_prefix(self.name()));
        let data = data.and_then(|rest| rest.strip_prefix("\":")).and_then(|rest| rest.strip_suffix('}'));
        let misnamed = || <serde_json::Error as serde::ser::Error>::custom("a change is not named as on the wire");
        data.map(str::to_owned).ok_or_else(misnamed)
    }

    /// The change of that name with that content.
    pub fn read(name: &str, data: &str) -> serde_json::Result<Change> {
        if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            return Err(serde::de::Error::custom("no event has such a name"));
        }
        serde_json::from_str(&format!(r#"{{"{name}":{data}}}"#))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::id::AgentId;

    #[test]
    fn an_event_is_flat_on_the_wire_and_read_back_whole() {
        let line = json!({
            "seq": 7,
            "id": Uuid::from_u128(1),
            "at": "2026-03-04T12:41:07.5Z",
            "actor": {"kind": "system"},
            "type": "agent_presence_changed",
            "data": {"agent": Uuid::from_u128(2), "online": false},
        });
        let text = line.to_string();
        let event: Event = serde_json::from_str(&text).expect("an event");
        assert_eq!(event.change, Change::AgentPresenceChanged { agent: AgentId(Uuid::from_u128(2)), online: false });
        assert_eq!(serde_json::to_value(&event).expect("JSON"), line);
        for broken in ["agent_vanished", "agent_presence_changed\":0,\"x", "Agent"] {
            let text = text.replace("agent_presence_changed", &broken.replace('"', "\\\""));
            assert!(serde_json::from_str::<Event>(&text).is_err(), "{broken}");
        }
    }
}

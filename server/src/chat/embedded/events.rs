//! What happened, written down for the webhook in the transaction in which it happened.

use serde_json::{Value, json};

use super::answer::Fault;
use super::call::Call;
use crate::clock;
use crate::store::chat::channels::{self, Cid};
use crate::store::chat::deliveries::{self, Delivery};

/// Where webhooks go, and which: by `webhook_url`, or by the list `event_hooks`.
fn targets(app: &Value, kind: &str) -> Vec<String> {
    let wants = |types: &Value| match types.as_array() {
        Some(types) if !types.is_empty() => types.iter().any(|of| of == kind || of == "*"),
        _ => true,
    };
    let mut urls = Vec::new();
    if let Some(url) = app["webhook_url"].as_str()
        && wants(&app["webhook_events"])
    {
        urls.push(url.to_owned());
    }
    for hook in app["event_hooks"].as_array().into_iter().flatten() {
        let enabled = hook["enabled"].as_bool().unwrap_or(true);
        if let Some(url) = hook["webhook_url"].as_str()
            && enabled
            && wants(&hook["event_types"])
        {
            urls.push(url.to_owned());
        }
    }
    urls.retain(|url| !url.is_empty());
    urls.dedup();
    urls
}

impl Call {
    /// Writes down what happened outside a channel.
    pub async fn tell(&mut self, kind: &str, mut event: Value) -> Result<(), Fault> {
        event["type"] = json!(kind);
        event["created_at"] = json!(self.now);
        let urls = targets(self.app().await?, kind);
        let body = event.to_string();
        for url in urls {
            let delivery = Delivery { id: clock::fresh_id(), url, body: body.clone(), attempts: 0 };
            let (delivery, due) = self.outgoing.hold(delivery, self.now);
            deliveries::enqueue(&mut self.tx, &delivery, due, self.now).await?;
        }
        Ok(())
    }

    /// Writes down what happened in a channel, and who did it.
    pub async fn tell_in(&mut self, cid: &Cid, kind: &str, user: Option<&str>, event: Value) -> Result<(), Fault> {
        let user = match user {
            Some(user) => self.user_document(user).await?,
            None => Value::Null,
        };
        self.tell_by(cid, kind, user, event).await
    }

    /// The same, of a user whose document is known; `null`: nobody.
    pub async fn tell_by(&mut self, cid: &Cid, kind: &str, user: Value, mut event: Value) -> Result<(), Fault> {
        event["cid"] = json!(cid.to_string());
        event["channel_type"] = json!(cid.kind);
        event["channel_id"] = json!(cid.id);
        if !user.is_null() {
            event["user"] = user;
        }
        self.tell(kind, event).await
    }

    /// Writes down what happened to a channel itself.
    pub async fn tell_of(&mut self, cid: &Cid, kind: &str, user: Option<&str>) -> Result<Value, Fault> {
        let channel = channels::document(&mut self.tx, cid).await?;
        self.tell_in(cid, kind, user, json!({ "channel": channel })).await?;
        Ok(channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_get_what_they_ask_for() {
        let app = json!({"webhook_url": "http://a", "webhook_events": ["message.new"],
            "event_hooks": [{"webhook_url": "http://b", "event_types": []}, {"webhook_url": "http://c", "enabled": false}]});
        assert_eq!(targets(&app, "message.new"), ["http://a", "http://b"]);
        assert_eq!(targets(&app, "user.updated"), ["http://b"]);
        assert!(targets(&json!({}), "message.new").is_empty());
    }
}

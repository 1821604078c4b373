//! A workflow with its channel, and the people who talk there.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use server::chat::check::CHANNEL_TYPE;
use server::chat::client::Client;
use server::chat::wire::{ChannelState, Custom, Message, MessageRequest, MessageWindow, Query};

use super::{ChatAt, Server};

/// Looks, a tenth of a second apart, before a story gives up: a busy machine is slow, not wrong.
pub const PATIENCE: usize = 600;

/// The workflow, and who tells the story.
pub struct Story {
    pub server: Server,
    pub chat: Client,
    pub workflow: String,
    pub owner: String,
}

impl Story {
    /// A workflow of these tasks, once its channel is there.
    pub async fn begin(at: ChatAt, tasks: Value) -> Story {
        let server = Server::start_with_chat(at).await;
        let chat = server.chat();
        let made = server.ask("POST", "/workflows", Some(json!({"name": "Ship it", "tasks": tasks}))).await;
        let workflow = made["id"].as_str().expect("an id").to_owned();
        let mut story = Story { server, chat, workflow, owner: String::new() };
        story
            .until("the channel has its owner", async |story: &Story| {
                story.members().await.into_iter().any(|member| member.starts_with("person-"))
            })
            .await;
        story.owner =
            story.members().await.into_iter().find(|member| member.starts_with("person-")).expect("the owner");
        story
    }

    pub fn channel(&self) -> String {
        format!("workflow-{}", self.workflow)
    }

    /// The channel with its newest messages, once it is there.
    pub async fn state(&self) -> Option<ChannelState> {
        let query = Query {
            filter_conditions: Custom::from_iter([("id".to_owned(), json!(self.channel()))]),
            message_limit: Some(300),
            ..Query::default()
        };
        self.chat.query_channels(&query).await.expect("channels").pop()
    }

    pub async fn members(&self) -> Vec<String> {
        let members = self.state().await.map(|state| state.members).unwrap_or_default();
        members.into_iter().map(|member| member.user_id).collect()
    }

    /// Looks again and again until it is so.
    pub async fn until(&self, what: &str, mut is_so: impl AsyncFnMut(&Story) -> bool) {
        for _ in 0..PATIENCE {
            if is_so(self).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("never: {what}\n{}", self.server.log());
    }

    /// A member of the organization with that role; the chat's user.
    pub fn person(&self, email: &str, role: &str) -> String {
        let mut command = self.server.command(&["user", "create", email, "--name", email, "--role", role]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it runs");
        child.stdin.take().expect("a pipe").write_all(b"a long enough password").expect("written");
        assert!(child.wait().expect("it ends").success());
        email.to_owned()
    }

    pub async fn says(&self, user: &str, text: &str) -> Message {
        let message = MessageRequest::text(user, text);
        self.chat.send_message(CHANNEL_TYPE, &self.channel(), &message).await.expect("it is sent")
    }

    pub async fn says_in_thread(&self, user: &str, task: &str, text: &str) -> Message {
        let root = format!("task-{}", self.task(task).await["id"].as_str().expect("an id"));
        self.until("the thread is there", async |story: &Story| story.chat.message(&root).await.is_ok()).await;
        let message = MessageRequest { parent_id: Some(root), ..MessageRequest::text(user, text) };
        self.chat.send_message(CHANNEL_TYPE, &self.channel(), &message).await.expect("it is sent")
    }

    pub async fn look(&self) -> Value {
        self.server.ask("GET", &format!("/workflows/{}", self.workflow), None).await
    }

    pub async fn task(&self, key: &str) -> Value {
        let workflow = self.look().await;
        let tasks = workflow["tasks"].as_array().expect("tasks");
        tasks.iter().find(|task| task["key"] == key).unwrap_or_else(|| panic!("no task {key}")).clone()
    }

    pub async fn until_task(&self, key: &str, status: &str) {
        self.until(&format!("{key} is {status}"), async |story: &Story| story.task(key).await["status"] == status)
            .await;
    }

    /// What was answered to a message, as the system.
    pub async fn answer_to(&self, message: &Message) -> String {
        let mut found = String::new();
        for _ in 0..PATIENCE {
            let all = match &message.parent_id {
                Some(root) => self.chat.replies(root, &MessageWindow::default()).await.expect("replies"),
                None => self.state().await.expect("the channel").messages,
            };
            let answer = all.iter().find(|answer| about(answer)["ref"] == message.id);
            if let Some(answer) = answer {
                found.clone_from(&answer.text);
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(!found.is_empty(), "no answer to {}\n{}", message.text, self.server.log());
        found
    }

    /// The newest event of that name.
    pub async fn event(&self, name: &str) -> Value {
        let events = self.server.ask("GET", &format!("/workflows/{}/events", self.workflow), None).await;
        let events = events["events"].as_array().expect("events");
        events.iter().rev().find(|event| event["type"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
    }

    /// The viewer's user in the chat: the one of the organization who is not the owner.
    pub async fn viewer(&self) -> String {
        let store = self.server.store().await;
        let mut ids = Vec::new();
        let mut tx = store.begin_read(&self.server.tenant(&store).await).await.expect("a read");
        for person in server::store::identity::people::people(&mut tx).await.expect("people") {
            ids.push((person.role, format!("person-{}", person.id)));
        }
        ids.into_iter().find(|(role, _)| *role == devsquad::Role::Viewer).expect("the viewer").1
    }
}

/// What a message of ours says it is about.
pub fn about(message: &Message) -> Value {
    message.custom.get("devsquad").cloned().unwrap_or_default()
}

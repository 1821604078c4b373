//! Sets a chat server up for us: whether the keys count, and the channel types, roles, commands and webhook we need.
//!
//! What is there already stays, but for what we need and it lacks. So it can run at every start, on the hosted service as on ours.

use std::collections::BTreeMap;

use devsquad::messaging::slash_command::OFFERS;
use serde_json::{Value, json};

use super::client::{ChatError, Client};
use super::wire::{ChannelTypeRequest, CommandRequest};

/// The role of our agents among users.
pub const AGENT_ROLE: &str = "agent";
/// The channel type of all our channels.
pub const CHANNEL_TYPE: &str = "squad";
/// Characters of a message in it: reports of agents are long.
const TEXT_CHARS: u64 = 20_000;

/// What members may do in our channels.
const MEMBER_GRANTS: [&str; 12] = [
    "read-channel",
    "read-channel-members",
    "create-message",
    "create-reply",
    "create-reaction",
    "delete-reaction-owner",
    "update-message-owner",
    "delete-message-owner",
    "pin-message",
    "send-custom-event",
    "upload-attachment",
    "cast-vote",
];

/// Does it; says what it did, a line for each thing. A command whose name is taken stays what it is.
pub async fn check(client: &Client, webhook: Option<&str>) -> Result<Vec<String>, ChatError> {
    let app = client.app().await?;
    let mut done = vec!["The keys count.".to_owned()];
    done.push(role(client).await?);
    done.push(commands(client).await?);
    done.push(channel_type(client).await?);
    done.push(match webhook {
        None => format!(
            "The webhook is {}.",
            app["webhook_url"].as_str().filter(|url| !url.is_empty()).unwrap_or("not set")
        ),
        Some(url) if app["webhook_url"] == url => format!("The webhook is {url} already."),
        Some(url) => {
            client.patch_app(&json!({ "webhook_url": url })).await?;
            format!("The webhook was set to {url}.")
        }
    });
    Ok(done)
}

async fn role(client: &Client) -> Result<String, ChatError> {
    if client.roles().await?.iter().any(|role| role["name"] == AGENT_ROLE) {
        return Ok(format!("The role {AGENT_ROLE} is there."));
    }
    client.create_role(AGENT_ROLE).await?;
    Ok(format!("The role {AGENT_ROLE} was made."))
}

async fn commands(client: &Client) -> Result<String, ChatError> {
    let known = client.commands().await?;
    let mut made = Vec::new();
    for offer in OFFERS {
        if !known.iter().any(|command| command["name"] == offer.name) {
            let command = CommandRequest {
                name: offer.name.to_owned(),
                description: offer.does.to_owned(),
                args: offer.arguments.to_owned(),
                set: "devsquad".to_owned(),
            };
            client.create_command(&command).await?;
            made.push(format!("/{}", offer.name));
        }
    }
    Ok(match made.is_empty() {
        true => "The commands are there.".to_owned(),
        false => format!("Commands were made: {}.", made.join(" ")),
    })
}

async fn channel_type(client: &Client) -> Result<String, ChatError> {
    let types = client.channel_types().await?;
    let mut config = serde_json::Map::new();
    for (name, value) in [
        ("typing_events", json!(true)),
        ("read_events", json!(true)),
        ("reactions", json!(true)),
        ("replies", json!(true)),
        ("search", json!(true)),
        ("uploads", json!(true)),
        ("custom_events", json!(true)),
        ("polls", json!(true)),
        ("max_message_length", json!(TEXT_CHARS)),
    ] {
        config.insert(name.to_owned(), value);
    }
    let grants = BTreeMap::from([("channel_member".to_owned(), MEMBER_GRANTS.map(str::to_owned).to_vec())]);
    let commands: Vec<String> = OFFERS.iter().map(|offer| offer.name.to_owned()).collect();
    let there = types.get(CHANNEL_TYPE);
    if there.is_some_and(|there| is_ours(there, &config, &commands)) {
        return Ok(format!("The channel type {CHANNEL_TYPE} is there."));
    }
    let name = there.is_none().then(|| CHANNEL_TYPE.to_owned());
    let wanted = ChannelTypeRequest { name, commands: Some(commands), grants: Some(grants), config };
    match there {
        Some(_) => client.update_channel_type(CHANNEL_TYPE, &wanted).await?,
        None => client.create_channel_type(&wanted).await?,
    };
    Ok(format!("The channel type {CHANNEL_TYPE} was {}.", if there.is_some() { "brought up to date" } else { "made" }))
}

fn is_ours(there: &Value, config: &serde_json::Map<String, Value>, commands: &[String]) -> bool {
    let has = |name: &String| {
        let offered = there["commands"].as_array().into_iter().flatten();
        offered.into_iter().any(|command| command["name"] == name.as_str() || command == name.as_str())
    };
    let granted = there["grants"]["channel_member"].as_array().map_or(&[][..], Vec::as_slice);
    config.iter().all(|(name, value)| there.get(name) == Some(value))
        && commands.iter().all(has)
        && MEMBER_GRANTS.iter().all(|grant| granted.iter().any(|name| name == grant))
}

//! The application's settings, channel types, commands, roles, tasks: for the application itself only.

use axum::extract::Path;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Fault, Outcome};
use super::call::{Call, In, custom_of};
use super::limits;
use super::permissions::default_grants;
use super::seed::default_config;
use crate::chat::wire::{ChannelTypeRequest, CommandRequest, Custom};
use crate::store::chat::settings::{self, TypeRow};

/// What the application can be set to. Others are refused rather than forgotten.
const APP: [&str; 4] = ["webhook_url", "webhook_events", "event_hooks", "revoke_tokens_issued_before"];
/// Webhooks an application can have.
const HOOKS_MAX: usize = 10;

/// `GET /app`
pub async fn app(mut call: Call) -> Outcome {
    call.server_only()?;
    let mut app = settings::app(&mut call.tx).await?;
    let types = settings::channel_types(&mut call.tx, None).await?;
    app["channel_configs"] = Value::Object(types.into_iter().collect());
    app["name"] = json!("embedded");
    call.answer(json!({ "app": app })).await
}

/// `PATCH /app`
pub async fn patch_app(In(mut call, body): In<Custom>) -> Outcome {
    call.server_only()?;
    for (name, value) in &body {
        let valid = match (name.as_str(), value) {
            (name, Value::Null) => APP.contains(&name),
            ("webhook_url", Value::String(url)) => url.is_empty() || is_web(url),
            ("webhook_events", Value::Array(names)) => names.iter().all(Value::is_string),
            ("event_hooks", Value::Array(hooks)) => hooks.len() <= HOOKS_MAX && hooks.iter().all(is_hook),
            ("revoke_tokens_issued_before", Value::String(at)) => at.parse::<jiff::Timestamp>().is_ok(),
            _ => false,
        };
        if !valid {
            return Err(Fault::input(format!("The application cannot be set to {name}: {value}")));
        }
    }
    settings::patch_app(&mut call.tx, &Value::Object(body)).await?;
    call.answer(json!({})).await
}

fn is_web(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn is_hook(hook: &Value) -> bool {
    hook["hook_type"].as_str().is_none_or(|kind| kind == "webhook") && hook["webhook_url"].as_str().is_some_and(is_web)
}

/// `GET /channeltypes`
pub async fn types(mut call: Call) -> Outcome {
    call.server_only()?;
    let types: Map<String, Value> = settings::channel_types(&mut call.tx, None).await?.into_iter().collect();
    call.answer(json!({ "channel_types": types })).await
}

/// `GET /channeltypes/{name}`
pub async fn get_type(mut call: Call, Path(name): Path<String>) -> Outcome {
    call.server_only()?;
    let document = type_document(&mut call, &name).await?;
    call.answer(document).await
}

async fn type_document(call: &mut Call, name: &str) -> Result<Value, Fault> {
    let found = settings::channel_types(&mut call.tx, Some(name)).await?.into_iter().next();
    found.map(|(_, document)| document).ok_or_else(|| Fault::missing(format!("There is no channel type {name}")))
}

/// `POST /channeltypes`
pub async fn create_type(In(mut call, body): In<ChannelTypeRequest>) -> Outcome {
    call.server_only()?;
    let name = body.name.clone().unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > limits::CHANNEL_ID_MAX || !name.chars().all(fits) {
        return Err(Fault::input("The name of a channel type is made of letters, digits, _ and -, 64 at most"));
    }
    let grants = serde_json::to_value(default_grants(false)).unwrap_or_default();
    let mut row = TypeRow { config: default_config(), commands: Vec::new(), grants };
    change(&mut call, &mut row, body).await?;
    if !settings::insert_type(&mut call.tx, &name, &row, call.now).await? {
        return Err(Fault::input(format!("A channel type {name} already exists")));
    }
    let document = type_document(&mut call, &name).await?;
    call.answer(document).await
}

/// `PUT /channeltypes/{name}`
pub async fn update_type(Path(name): Path<String>, In(mut call, body): In<ChannelTypeRequest>) -> Outcome {
    call.server_only()?;
    let mut row = call.kind(&name).await?;
    change(&mut call, &mut row, body).await?;
    settings::update_type(&mut call.tx, &name, &row, call.now).await?;
    let document = type_document(&mut call, &name).await?;
    call.answer(document).await
}

async fn change(call: &mut Call, row: &mut TypeRow, body: ChannelTypeRequest) -> Result<(), Fault> {
    let mut config = custom_of(&row.config);
    let known = custom_of(&default_config());
    for (name, value) in body.config {
        let Some(before) = known.get(&name) else { continue };
        if std::mem::discriminant(before) != std::mem::discriminant(&value) {
            return Err(Fault::input(format!("{name} cannot be {value}")));
        }
        config.insert(name, value);
    }
    let longest = config.get("max_message_length").and_then(Value::as_u64);
    if !longest.is_some_and(|longest| (1..=limits::TEXT_CHARS_MAX).contains(&longest)) {
        return Err(Fault::input(format!("max_message_length must be between 1 and {}", limits::TEXT_CHARS_MAX)));
    }
    limits::custom("channel type", &config)?;
    row.config = Value::Object(config);
    if let Some(grants) = body.grants {
        // Roles that are not named keep what they have.
        let mut all = custom_of(&row.grants);
        all.extend(grants.into_iter().map(|(role, names)| (role, json!(names))));
        row.grants = Value::Object(all);
    }
    if let Some(commands) = body.commands {
        let known = settings::commands(&mut call.tx, None).await?;
        let names: Vec<String> =
            known.iter().filter_map(|command| command["name"].as_str().map(str::to_owned)).collect();
        if commands.iter().any(|name| name == "all") {
            row.commands = names;
        } else if let Some(unknown) = commands.iter().find(|name| !names.contains(name)) {
            return Err(Fault::input(format!("There is no command {unknown}")));
        } else {
            row.commands = commands;
        }
    }
    Ok(())
}

/// `DELETE /channeltypes/{name}`
pub async fn delete_type(mut call: Call, Path(name): Path<String>) -> Outcome {
    call.server_only()?;
    call.kind(&name).await?;
    if !settings::delete_type(&mut call.tx, &name).await? {
        return Err(Fault::input(format!("There are channels of the type {name}")));
    }
    call.answer(json!({})).await
}

/// `GET /commands`
pub async fn commands(mut call: Call) -> Outcome {
    call.server_only()?;
    let commands = settings::commands(&mut call.tx, None).await?;
    call.answer(json!({ "commands": commands })).await
}

/// `GET /commands/{name}`
pub async fn get_command(mut call: Call, Path(name): Path<String>) -> Outcome {
    call.server_only()?;
    let found = settings::commands(&mut call.tx, Some(&name)).await?.into_iter().next();
    let found = found.ok_or_else(|| Fault::missing(format!("There is no command {name}")))?;
    call.answer(found).await
}

/// `POST /commands`
pub async fn create_command(In(mut call, body): In<CommandRequest>) -> Outcome {
    call.server_only()?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    if body.name.is_empty() || body.name.len() > 64 || !body.name.chars().all(fits) {
        return Err(Fault::input("The name of a command is made of a-z, 0-9, _ and -, 64 at most"));
    }
    if body.description.is_empty() {
        return Err(Fault::input("A command needs a description"));
    }
    let texts = (body.description.as_str(), body.args.as_str(), body.set.as_str());
    if !settings::insert_command(&mut call.tx, &body.name, texts, call.now).await? {
        return Err(Fault::input(format!("A command {} already exists", body.name)));
    }
    let command = settings::commands(&mut call.tx, Some(&body.name)).await?.into_iter().next();
    call.answer(json!({ "command": command })).await
}

/// `PUT /commands/{name}`
pub async fn update_command(Path(name): Path<String>, In(mut call, body): In<CommandRequest>) -> Outcome {
    call.server_only()?;
    let texts = (body.description.as_str(), body.args.as_str(), body.set.as_str());
    if !settings::update_command(&mut call.tx, &name, texts, call.now).await? {
        return Err(Fault::missing(format!("There is no command {name}")));
    }
    let command = settings::commands(&mut call.tx, Some(&name)).await?.into_iter().next();
    call.answer(json!({ "command": command })).await
}

/// `DELETE /commands/{name}`
pub async fn delete_command(mut call: Call, Path(name): Path<String>) -> Outcome {
    call.server_only()?;
    if !settings::delete_command(&mut call.tx, &name).await? {
        return Err(Fault::missing(format!("There is no command {name}")));
    }
    call.answer(json!({ "name": name })).await
}

/// A role to be made.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NewRole {
    name: String,
}

/// `GET /roles`
pub async fn roles(mut call: Call) -> Outcome {
    call.server_only()?;
    let roles = settings::roles(&mut call.tx).await?;
    call.answer(json!({ "roles": roles })).await
}

/// `POST /roles`
pub async fn create_role(In(mut call, body): In<NewRole>) -> Outcome {
    call.server_only()?;
    limits::user_id(&body.name).map_err(|_| Fault::input("The name of a role is made of a-z, 0-9, _ and -"))?;
    if !settings::insert_role(&mut call.tx, &body.name, true, call.now).await? {
        return Err(Fault::input(format!("A role {} already exists", body.name)));
    }
    call.answer(json!({ "role": { "name": body.name, "custom": true } })).await
}

/// `DELETE /roles/{name}`
pub async fn delete_role(mut call: Call, Path(name): Path<String>) -> Outcome {
    call.server_only()?;
    if !settings::delete_role(&mut call.tx, &name).await? {
        return Err(Fault::missing(format!("There is no role {name} that was made by a client")));
    }
    call.answer(json!({})).await
}

/// `GET /tasks/{id}`
pub async fn task(mut call: Call, Path(id): Path<String>) -> Result<Answer, Fault> {
    call.server_only()?;
    let found = match id.parse() {
        Ok(id) => settings::task(&mut call.tx, id).await?,
        Err(_) => None,
    };
    let found = found.ok_or_else(|| Fault::missing(format!("There is no task {id}")))?;
    call.answer(found).await
}

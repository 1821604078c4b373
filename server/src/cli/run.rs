//! `devsquad run`: a workflow from a template or a file, watched to its end.

use std::collections::{BTreeMap, HashMap};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use devsquad::workflow::template::{ParameterKind, Template};
use serde_json::{Value, json};

use super::api::{self, Api};
use super::serve::Server;
use super::{say, say_error};
use crate::config::Config;
use crate::templates::Templates;

/// How often the workflow is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Run a workflow.
#[derive(Debug, Args)]
pub struct Run {
    /// A template's id, or a YAML or JSON file.
    #[arg(value_name = "TEMPLATE|FILE")]
    what: String,
    /// A parameter of the template.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// Wait for its end. Exit code 0 when it completed, 1 when not.
    #[arg(long)]
    wait: bool,
    /// Give every approval it asks for, as the person who runs this command. The audit says so.
    #[arg(long)]
    approve: bool,
    /// Save the files it hands in to this directory.
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Print the workflow as JSON at the end.
    #[arg(long)]
    json: bool,
}

impl Run {
    /// A file, started and left to run.
    pub fn of_file(file: PathBuf, json: bool) -> Run {
        let what = file.to_string_lossy().into_owned();
        Run { what, params: Vec::new(), wait: false, approve: false, save: None, json }
    }

    /// Runs it.
    pub async fn run(self, config: Config) -> anyhow::Result<i32> {
        let definition = self.definition().await?;
        if let Some(running) = api::running(&config).await {
            return self.follow(&Api::new(running)?, &definition).await;
        }
        let alone = Config { addr: "127.0.0.1:0".parse()?, public_url: None, open: false, ..config };
        let server = Server::start(alone).await?;
        // Without a server there is nobody to go on once we end.
        let run = Run { wait: true, ..self };
        let outcome = run.follow(&Api::new(server.running.clone())?, &definition).await;
        server.stop().await?;
        outcome
    }

    async fn definition(&self) -> anyhow::Result<Value> {
        let templates = Templates::built_in()?;
        let path = Path::new(&self.what);
        let definition = if path.is_file() {
            let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            crate::templates::import(&text)
                .map_err(|refusal| anyhow::anyhow!("{}: {}", path.display(), explain(&refusal)))?
        } else {
            let template = templates.get(&self.what).with_context(|| unknown(&self.what, &templates))?;
            let refused = |refusal: devsquad::Refusal| anyhow::anyhow!(explain(&refusal));
            let given = parameters(&self.params, template)?;
            let values = template.values(given).map_err(refused)?;
            crate::repository::check(template, &values).await.map_err(refused)?;
            template.definition(&values).map_err(refused)?
        };
        Ok(serde_json::to_value(&definition)?)
    }

    async fn follow(&self, api: &Api, definition: &Value) -> anyhow::Result<i32> {
        let created = api.post("/workflows", definition).await?;
        let id = created.get("id").and_then(Value::as_str).context("the server named no workflow")?.to_owned();
        if !self.json {
            say_error(&format!("Workflow {id} runs: {}/orchestration/workflows/{id}", api.url()));
        }
        if !self.wait {
            self.print(&created);
            return Ok(0);
        }
        let mut seen: HashMap<String, String> = HashMap::new();
        let path = format!("/workflows/{id}");
        loop {
            let workflow = api.get(&path).await?;
            self.report(&workflow, &mut seen);
            let status = text(&workflow, "status");
            if !matches!(status.as_str(), "running" | "paused") {
                return self.end(api, &workflow, &status).await;
            }
            self.decide(api, &workflow, &path).await?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn end(&self, api: &Api, workflow: &Value, status: &str) -> anyhow::Result<i32> {
        if let Some(dir) = &self.save {
            save(api, workflow, dir).await?;
        }
        if !self.json {
            let reason = text(workflow, "reason");
            say_error(&format!("The workflow is {status}{}{reason}", if reason.is_empty() { "." } else { ": " }));
        }
        self.print(workflow);
        Ok(if status == "completed" { 0 } else { 1 })
    }

    fn print(&self, workflow: &Value) {
        if self.json {
            say(&serde_json::to_string_pretty(workflow).unwrap_or_default());
        }
    }

    fn report(&self, workflow: &Value, seen: &mut HashMap<String, String>) {
        for task in tasks(workflow) {
            let (key, status) = (text(task, "key"), text(task, "status"));
            if seen.insert(key, status.clone()).is_none_or(|before| before != status) && !self.json {
                let note = text(task, "note");
                let note = if note.is_empty() { note } else { format!("  {note}") };
                say_error(&format!("  {:<18} {}{note}", status.replace('_', " "), text(task, "name")));
            }
        }
    }

    async fn decide(&self, api: &Api, workflow: &Value, path: &str) -> anyhow::Result<()> {
        for task in tasks(workflow).filter(|task| text(task, "status") == "awaiting_approval") {
            let checkpoint = text(task, "open_checkpoint_id");
            let verdict = match (self.approve, std::io::stdin().is_terminal()) {
                (true, _) => json!({ "verdict": "approve", "note": "Approved with --approve on the command line." }),
                (false, true) => ask(&text(task, "name"))?,
                (false, false) => continue,
            };
            api.post(&format!("{path}/checkpoints/{checkpoint}/decide"), &verdict).await?;
        }
        Ok(())
    }
}

/// Asks the person at the terminal.
fn ask(task: &str) -> anyhow::Result<Value> {
    let mut line = String::new();
    write!(std::io::stderr(), "Approve the result of “{task}”? [y/N] ")?;
    std::io::stdin().read_line(&mut line)?;
    if matches!(line.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(json!({ "verdict": "approve", "note": "" }));
    }
    let mut note = String::new();
    write!(std::io::stderr(), "What has to change? ")?;
    std::io::stdin().read_line(&mut note)?;
    if note.trim().is_empty() {
        bail!("a result is sent back with a reason only");
    }
    Ok(json!({ "verdict": "reject", "note": note.trim() }))
}

async fn save(api: &Api, workflow: &Value, dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
    let files = workflow.get("artifacts").and_then(Value::as_array).cloned().unwrap_or_default();
    for file in files {
        // A name from outside is a name, never a path.
        let name = text(&file, "name").replace(['/', '\\'], "_");
        let bytes = api.bytes(&format!("/artifacts/{}", text(&file, "id"))).await?;
        let path = dir.join(name.trim_start_matches('.'));
        std::fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
        say_error(&format!("Saved {}", path.display()));
    }
    Ok(())
}

fn tasks(workflow: &Value) -> impl Iterator<Item = &Value> {
    workflow.get("tasks").and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// `name=value`, typed as the template says. A directory is made absolute: the server may stand elsewhere.
fn parameters(given: &[String], template: &Template) -> anyhow::Result<BTreeMap<String, Value>> {
    given
        .iter()
        .map(|pair| {
            let (name, value) = pair.split_once('=').with_context(|| format!("--param {pair}: write NAME=VALUE"))?;
            let parameter = template.parameters.iter().find(|parameter| parameter.name == name);
            let value = match parameter.map(|parameter| (parameter.kind, parameter.format.as_deref())) {
                Some((ParameterKind::String, Some("directory"))) => {
                    Value::String(std::path::absolute(value)?.to_string_lossy().into_owned())
                }
                Some((ParameterKind::String, _)) | None => Value::String(value.to_owned()),
                Some(_) => serde_json::from_str(value)
                    .with_context(|| format!("--param {pair}: the value is not of its type"))?,
            };
            Ok((name.to_owned(), value))
        })
        .collect()
}

fn unknown(what: &str, templates: &Templates) -> String {
    let known: Vec<String> = templates.views().into_iter().map(|template| template.id).collect();
    format!("there is no file and no template {what}; templates: {}", known.join(", "))
}

fn explain(refusal: &devsquad::Refusal) -> String {
    match refusal {
        devsquad::Refusal::Invalid { faults } => faults
            .iter()
            .map(|fault| format!("{} {}", fault.pointer, fault.message))
            .collect::<Vec<String>>()
            .join("\n"),
        other => other.to_string(),
    }
}

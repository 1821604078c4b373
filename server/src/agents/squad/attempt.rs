//! One attempt of a built-in agent: a confined process, its heartbeats, its log, its files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use devsquad::command::{Answer, Command, LeaseGrant, Purpose};
use devsquad::event::Reason;
use devsquad::id::AgentId;
use devsquad::messaging::wording;
use devsquad::workflow::task::Artifact;
use devsquad::{Actor, Refusal};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Base;
use crate::agents::exec::{self, Outcome, Program, Said};
use crate::agents::lease::{self, Blob};
use crate::clock;
use crate::engine::EngineError;
use crate::store::{Tenant, blobs, logs};

/// A sign of life at least this often: a third of a lease.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(20);
/// News is passed on this often at most.
const NEWS_EVERY: Duration = Duration::from_millis(250);
/// Things said that wait to be passed on.
const SAID_MAX: usize = 1_024;
/// Bytes of a text file that a reviewer is given with the result.
const REVIEWED_TEXT_MAX: usize = 512 * 1_024;
/// How often handing in is tried when the engine cannot answer. The lease outlives it.
const HAND_IN_TRIES: u32 = 20;

/// Works on one lease to its end.
pub async fn run(base: &Arc<Base>, agent: AgentId, lease: LeaseGrant) {
    let started = clock::instant();
    let (attempt, fence) = (lease.attempt_id, lease.fence);
    let dir = base.dir.join(attempt.to_string());
    let outcome = execute(base, agent, &lease, &dir).await;
    let command = match outcome {
        Ok(Outcome::Succeeded { output, artifacts }) => match take(base, artifacts).await {
            Ok(artifacts) => lease::completion(attempt, fence, output, artifacts, Value::Null),
            Err(error) => failure(&lease, Reason::Internal, format!("{error:#}"), true),
        },
        Ok(Outcome::Failed { reason: Reason::AgentDeclined, message, .. }) => {
            Command::Decline { attempt, fence, message }
        }
        Ok(Outcome::Failed { reason, message, retryable }) => failure(&lease, reason, message, retryable),
        Err(error) => failure(&lease, Reason::Internal, format!("{error:#}"), true),
    };
    hand_in(base, agent, command).await;
    tracing::info!(task.key = lease.key, attempt.id = %attempt, duration_ms = started.elapsed().as_millis() as u64, "attempt over");
    if let Err(error) = tokio::fs::remove_dir_all(&dir).await {
        tracing::debug!(%error, "the attempt's directory stays");
    }
}

async fn execute(base: &Arc<Base>, agent: AgentId, lease: &LeaseGrant, dir: &Path) -> anyhow::Result<Outcome> {
    let mut given = serde_json::to_value(lease)?;
    if lease.purpose == Purpose::Review {
        add_texts(base, &mut given).await?;
    }
    let path = match lease.purpose {
        Purpose::Work => lease.input.get("path"),
        Purpose::Review => lease.input.pointer("/task/input/path"),
    };
    let repository = PathBuf::from(path.and_then(Value::as_str).unwrap_or("/nonexistent"));
    let program = Program::built_in(&repository);
    let (say, said) = mpsc::channel(SAID_MAX);
    let cancel = base.stop.child_token();
    let listening = tokio::spawn(listen(base.clone(), agent, lease.clone(), said, cancel.clone()));
    let outcome = exec::run(&program, &given, dir, say, cancel.clone()).await;
    // The channel has closed with the program; what was said last is passed on before the result.
    if let Err(error) = listening.await {
        tracing::error!(%error, "listening to an attempt failed");
    }
    if base.stop.is_cancelled() && !matches!(outcome, Ok(Outcome::Succeeded { .. })) {
        return Ok(Outcome::Failed { reason: Reason::Internal, message: wording::server_stopped(), retryable: true });
    }
    outcome
}

/// Passes on what the program says, and gives signs of life while it says nothing.
async fn listen(
    base: Arc<Base>,
    agent: AgentId,
    lease: LeaseGrant,
    mut said: mpsc::Receiver<Said>,
    cancel: CancellationToken,
) {
    let mut lines: Vec<String> = Vec::new();
    let mut written = 0;
    let mut progress: Option<(u8, String)> = None;
    let mut beat = tokio::time::interval(HEARTBEAT_EVERY);
    let mut news = tokio::time::interval(NEWS_EVERY);
    news.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    beat.tick().await;
    loop {
        tokio::select! {
            heard = said.recv() => match heard {
                Some(Said::Progress { percent, note }) => progress = Some((percent, note)),
                Some(Said::Log { line }) => lines.push(line),
                Some(Said::Artifact { name, .. }) => lines.push(format!("wrote {name}")),
                None => break,
            },
            _ = news.tick() => {
                written = write_log(&base, &lease, &mut lines, written).await;
                if let Some(latest) = progress.take() {
                    heartbeat(&base, agent, &lease, Some(latest), &cancel).await;
                    beat.reset();
                }
            }
            _ = beat.tick() => heartbeat(&base, agent, &lease, None, &cancel).await,
        }
    }
    write_log(&base, &lease, &mut lines, written).await;
    if let Some(latest) = progress {
        heartbeat(&base, agent, &lease, Some(latest), &cancel).await;
    }
}

async fn heartbeat(
    base: &Base,
    agent: AgentId,
    lease: &LeaseGrant,
    news: Option<(u8, String)>,
    cancel: &CancellationToken,
) {
    let (progress, note) = news.unzip();
    let command = Command::Heartbeat { attempt: lease.attempt_id, fence: lease.fence, progress, note };
    match base.engine.perform(base.organization, Actor::Agent { agent }, command, None).await {
        Ok(Answer::Heartbeat { cancel: true, .. }) | Err(EngineError::Refused(_)) => cancel.cancel(),
        Ok(_) => {}
        Err(EngineError::Unavailable(why)) => tracing::debug!(why, "a heartbeat was not heard"),
    }
}

async fn write_log(base: &Base, lease: &LeaseGrant, lines: &mut Vec<String>, written: i32) -> i32 {
    if lines.is_empty() {
        return written;
    }
    let batch = std::mem::take(lines);
    let outcome = async {
        let mut tx = base.store.begin(&Tenant::system(base.organization.0)).await?;
        logs::append(&mut tx, lease.attempt_id, written, &batch, clock::now()).await?;
        tx.commit().await
    };
    match outcome.await {
        Ok(()) => written + i32::try_from(batch.len()).unwrap_or(i32::MAX),
        Err(error) => {
            tracing::warn!(%error, "lines of a log are lost");
            written
        }
    }
}

/// Gives a reviewer the text of the files it is to examine.
async fn add_texts(base: &Base, given: &mut Value) -> anyhow::Result<()> {
    let Some(files) = given.pointer_mut("/input/result/artifacts").and_then(Value::as_array_mut) else { return Ok(()) };
    let mut tx = base.store.begin_read(&Tenant::system(base.organization.0)).await?;
    for file in files {
        let hash = file.get("sha256").and_then(Value::as_str).unwrap_or_default().to_owned();
        let content = blobs::get(&mut tx, &lease::unhex(&hash)).await?.unwrap_or_default();
        if content.len() <= REVIEWED_TEXT_MAX
            && let Ok(text) = String::from_utf8(content)
        {
            file["text"] = json!(text);
        }
    }
    Ok(())
}

/// Stores the files of a result.
async fn take(base: &Base, files: Vec<exec::Artifact>) -> anyhow::Result<Vec<Artifact>> {
    let mut taken = Vec::new();
    for file in files {
        let content = tokio::fs::read(&file.path).await?;
        let artifact =
            Artifact { name: file.name, media_type: file.media_type, sha256: file.sha256, size: content.len() as u64 };
        taken.push(Blob { artifact, content });
    }
    Ok(lease::store(&base.store, base.organization, taken).await?)
}

fn failure(lease: &LeaseGrant, reason: Reason, message: String, retryable: bool) -> Command {
    Command::Fail { attempt: lease.attempt_id, fence: lease.fence, reason, message, retryable: Some(retryable) }
}

async fn hand_in(base: &Base, agent: AgentId, command: Command) {
    for _ in 0..HAND_IN_TRIES {
        match base.engine.perform(base.organization, Actor::Agent { agent }, command.clone(), None).await {
            Ok(_) => return,
            Err(EngineError::Refused(Refusal::NotFound { .. } | Refusal::StaleFence { .. })) => return,
            Err(EngineError::Refused(refusal)) => {
                tracing::warn!(%refusal, "a result was refused");
                return;
            }
            Err(EngineError::Unavailable(_)) => tokio::time::sleep(super::PAUSE).await,
        }
    }
}

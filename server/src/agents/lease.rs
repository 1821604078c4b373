//! What every door does with a result: store its files under their hash, then hand it in.

use devsquad::Command;
use devsquad::id::{AttemptId, OrganizationId};
use devsquad::workflow::task::Artifact;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::store::{Store, Tenant, blobs};

/// A file and its bytes.
#[derive(Clone, Debug)]
pub struct Blob {
    /// What it is.
    pub artifact: Artifact,
    /// What is in it.
    pub content: Vec<u8>,
}

/// Stores files, so that a result may name them.
pub async fn store(
    store: &Store,
    organization: OrganizationId,
    files: Vec<Blob>,
) -> Result<Vec<Artifact>, sqlx::Error> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = store.begin(&Tenant::system(organization.0)).await?;
    for file in &files {
        blobs::put(&mut tx, &file.content).await?;
    }
    tx.commit().await?;
    Ok(files.into_iter().map(|file| file.artifact).collect())
}

/// The command that hands a result in, with its hash.
pub fn completion(attempt: AttemptId, fence: u64, output: Value, artifacts: Vec<Artifact>, evidence: Value) -> Command {
    let mut hasher = Sha256::new();
    hasher.update(output.to_string());
    for artifact in &artifacts {
        hasher.update([0]);
        hasher.update(&artifact.name);
        hasher.update([0]);
        hasher.update(&artifact.sha256);
    }
    hasher.update([0]);
    hasher.update(evidence.to_string());
    let sha256 = hex(&hasher.finalize());
    Command::Complete { attempt, fence, output, artifacts, evidence, sha256 }
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of hex; what is not hex gives nothing.
pub fn unhex(hex: &str) -> Vec<u8> {
    let digits: Option<Vec<u8>> =
        hex.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    digits.unwrap_or_default().chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// A file's media type by its name.
pub fn media_type(name: &str) -> String {
    let known = match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("md") => "text/markdown; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        Some("txt" | "log") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some(_) | None => "application/octet-stream",
    };
    known.to_owned()
}

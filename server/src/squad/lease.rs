//! The lease: what one attempt is asked to do, as it arrives on standard input.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::failure::Failure;

/// Largest lease read. Eight dependencies' outputs of at most 1 MiB each (the engine's limit) plus room.
const LEASE_BYTES_MAX: u64 = 16 << 20;

/// Work on the task itself, or an independent review of somebody's result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Do the task.
    #[default]
    Work,
    /// Judge the task's result.
    Review,
}

/// One attempt's assignment. Fields the squad does not use (ids, the fence) are left unread, so the engine may add more.
#[derive(Clone, Debug, Deserialize)]
pub struct Lease {
    /// The task type ("repo.inventory").
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Work or review.
    #[serde(default)]
    pub purpose: Purpose,
    /// The task's input.
    #[serde(default)]
    pub input: Map<String, Value>,
    /// The outputs of the tasks this one needs, by their keys.
    #[serde(default)]
    pub needs: BTreeMap<String, Value>,
    /// Where artifact files go.
    #[serde(default)]
    pub artifact_dir: Option<PathBuf>,
    /// Texts of earlier rejected or failed attempts, oldest first.
    #[serde(default)]
    pub feedback: Vec<String>,
}

impl Lease {
    /// Reads one lease.
    pub fn read(input: impl Read) -> Result<Self, Failure> {
        let mut text = Vec::new();
        input.take(LEASE_BYTES_MAX + 1).read_to_end(&mut text)?;
        if text.len() as u64 > LEASE_BYTES_MAX {
            return Err(Failure::bad_input(format!("The lease is larger than {} MiB.", LEASE_BYTES_MAX >> 20)));
        }
        serde_json::from_slice(&text).map_err(|error| Failure::bad_input(format!("The lease cannot be read: {error}.")))
    }

    /// The repository's path from `input.path`.
    pub fn path(&self) -> Result<PathBuf, Failure> {
        path_in(&self.input)
    }

    /// A yes or no from the input; absent means no.
    pub fn flag(&self, name: &str) -> bool {
        match self.input.get(name) {
            Some(Value::Bool(yes)) => *yes,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }

    /// The directory for artifacts, which must exist.
    pub fn artifact_dir(&self) -> Result<&Path, Failure> {
        let dir = self.artifact_dir.as_deref().filter(|dir| dir.is_dir());
        dir.ok_or_else(|| {
            Failure::internal("The lease names no directory for artifacts (artifact_dir), so nothing can be handed in.")
        })
    }
}

/// The repository's path from some task's input.
pub fn path_in(input: &Map<String, Value>) -> Result<PathBuf, Failure> {
    let text = input.get("path").and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| {
        Failure::declined("The input names no repository: “path” must be a directory of this machine.")
    })?;
    let path = PathBuf::from(text);
    if !path.is_absolute() {
        return Err(Failure::declined(format!("“{text}” is a relative path; give the repository's absolute path.")));
    }
    Ok(path)
}

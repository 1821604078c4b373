//! What the launching process is told to take away from itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Demand, Demands, Guard, Limits};

/// Who reads the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Started by the server: joins the control group, leaves the machine's namespaces, watches.
    Outer,
    /// First process of the new namespaces: takes the rest away and becomes the program.
    Inner,
}

/// The policy of one attempt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// Who reads it.
    pub stage: Stage,
    /// The server; when it is gone the attempt ends.
    pub server: u32,
    /// What is asked for.
    pub demands: Demands,
    /// The bounds.
    pub limits: Limits,
    /// May be read, besides the system's own directories.
    pub read: Vec<PathBuf>,
    /// May be written.
    pub write: Vec<PathBuf>,
    /// Control groups to join.
    pub groups: Vec<PathBuf>,
}

impl Policy {
    /// For a program started by this process.
    pub fn new(demands: Demands, limits: Limits, read: Vec<PathBuf>, write: PathBuf, groups: Vec<PathBuf>) -> Self {
        Self { stage: Stage::Outer, server: std::process::id(), demands, limits, read, write: vec![write], groups }
    }

    /// Whether a guard is wanted at all.
    pub fn wants(&self, guard: Guard) -> bool {
        self.demands.of(guard) != Demand::Off
    }

    /// Turns a guard that could not be set up into an error when it is required.
    pub fn settle(&self, guard: Guard, done: anyhow::Result<()>) -> anyhow::Result<bool> {
        match done {
            Ok(()) => Ok(true),
            Err(error) if self.demands.of(guard) == Demand::Required => {
                Err(error.context(format!("protection “{}”", guard.word())))
            }
            Err(_) => Ok(false),
        }
    }
}

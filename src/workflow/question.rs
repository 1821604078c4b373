//! What an agent asks people while it works, and what they answered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AgentId, QuestionId, UserId};

/// Answers to choose from: more would be a form.
pub const OPTIONS_MAX: usize = 10;
/// Characters of one of them: it stands on a button.
pub const OPTION_CHARS_MAX: usize = 100;
/// Questions and conflicts about one task. Agents that have more to ask or to argue go round in circles, and every lease of the task
/// carries what came of them.
pub const SETTLED_MAX: usize = 20;

/// A question that waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its id.
    pub id: QuestionId,
    /// What is asked.
    pub text: String,
    /// Answers to choose from; others are welcome too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Who asks.
    pub asked_by: AgentId,
    /// When.
    #[serde(with = "crate::wire_time")]
    pub asked_at: Timestamp,
}

/// A question and its answer, or what agents disagreed about and how it was settled: whoever works on the task from now on is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
    /// The person who answered; nobody, where agents settled it between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}

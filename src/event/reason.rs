//! Why something ended as it did.

use serde::{Deserialize, Serialize};

/// Why an attempt, a task or a workflow ended as it did. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name is a term of the engine; `wording::reason` says it as a sentence")]
pub enum Reason {
    LeaseExpired,
    HeartbeatLost,
    Stall,
    Deadline,
    BudgetExceeded,
    LoopDetected,
    ProviderAuth,
    ProviderQuota,
    ProviderRateLimit,
    ProviderServer,
    Network,
    ContextOverflow,
    BadOutput,
    CheckFailed,
    ReviewRejected,
    DependencyFailed,
    UserCancelled,
    AgentDeclined,
    Internal,
}

impl Reason {
    /// The whole list.
    pub const ALL: [Reason; 19] = [
        Reason::LeaseExpired,
        Reason::HeartbeatLost,
        Reason::Stall,
        Reason::Deadline,
        Reason::BudgetExceeded,
        Reason::LoopDetected,
        Reason::ProviderAuth,
        Reason::ProviderQuota,
        Reason::ProviderRateLimit,
        Reason::ProviderServer,
        Reason::Network,
        Reason::ContextOverflow,
        Reason::BadOutput,
        Reason::CheckFailed,
        Reason::ReviewRejected,
        Reason::DependencyFailed,
        Reason::UserCancelled,
        Reason::AgentDeclined,
        Reason::Internal,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::LeaseExpired => "lease_expired",
            Reason::HeartbeatLost => "heartbeat_lost",
            Reason::Stall => "stall",
            Reason::Deadline => "deadline",
            Reason::BudgetExceeded => "budget_exceeded",
            Reason::LoopDetected => "loop_detected",
            Reason::ProviderAuth => "provider_auth",
            Reason::ProviderQuota => "provider_quota",
            Reason::ProviderRateLimit => "provider_rate_limit",
            Reason::ProviderServer => "provider_server",
            Reason::Network => "network",
            Reason::ContextOverflow => "context_overflow",
            Reason::BadOutput => "bad_output",
            Reason::CheckFailed => "check_failed",
            Reason::ReviewRejected => "review_rejected",
            Reason::DependencyFailed => "dependency_failed",
            Reason::UserCancelled => "user_cancelled",
            Reason::AgentDeclined => "agent_declined",
            Reason::Internal => "internal",
        }
    }

    /// The reason of that name, if there is one.
    pub fn parse(name: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// Whether trying again can help, unless the agent says otherwise.
    pub fn is_retryable(self) -> bool {
        match self {
            Reason::LeaseExpired
            | Reason::HeartbeatLost
            | Reason::Stall
            | Reason::Deadline
            | Reason::ProviderRateLimit
            | Reason::ProviderServer
            | Reason::Network
            | Reason::BadOutput
            | Reason::CheckFailed
            | Reason::ReviewRejected
            | Reason::AgentDeclined
            | Reason::Internal => true,
            Reason::BudgetExceeded
            | Reason::LoopDetected
            | Reason::ProviderAuth
            | Reason::ProviderQuota
            | Reason::ContextOverflow
            | Reason::DependencyFailed
            | Reason::UserCancelled => false,
        }
    }
}

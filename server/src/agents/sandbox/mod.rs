//! What keeps a local program from harming the machine it runs on.
//!
//! The server starts `devsquad exec-child --policy JSON -- PROGRAM …`. That process takes away its own rights one by one
//! (groups of processes, namespaces, resource limits, Landlock, seccomp) and then becomes the program. Nothing here
//! needs root, and nothing is believed: `self_test` runs a probe under the same policy, which must fail to do harm.
//!
//! Five guards, each of which can be missing on some kernel:
//! - *files*: Landlock; the program reads only what is listed and writes only its own directory;
//! - *network*: an empty network namespace, and seccomp refuses to open sockets at all;
//! - *processes*: a bound on how many (control group or resource limit), and a namespace or control group in which all
//!   of them die together;
//! - *calls*: seccomp refuses calls that only attackers and administrators need;
//! - *limits*: resource limits on processor time, memory, file size and open files.

mod calls;
pub mod child;
mod control_group;
mod files;
mod limits;
mod policy;
mod probe;
mod space;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use control_group::ControlGroup;
pub use limits::Limits;
pub use policy::Policy;
pub use probe::self_test;

/// One kind of protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Reading and writing files.
    Files,
    /// Reaching anything over a socket.
    Network,
    /// Starting processes, and outliving the attempt.
    Processes,
    /// System calls that only attackers and administrators need.
    Calls,
    /// Processor time, memory, file size, open files.
    Limits,
}

impl Guard {
    /// All of them, in the order shown.
    pub const ALL: [Guard; 5] = [Guard::Files, Guard::Network, Guard::Processes, Guard::Calls, Guard::Limits];

    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Network => "network",
            Self::Processes => "processes",
            Self::Calls => "calls",
            Self::Limits => "limits",
        }
    }
}

/// Whether a program asks for a protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// It must not have it (a program that needs the network).
    Off,
    /// Where the kernel gives it.
    IfPossible,
    /// Without it the program does not run.
    Required,
}

/// Which protections a program runs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are named like the guards and mean the same")]
pub struct Demands {
    pub files: Demand,
    pub network: Demand,
    pub processes: Demand,
    pub calls: Demand,
    pub limits: Demand,
}

impl Demands {
    /// Our own code: everything the kernel gives.
    pub const BUILT_IN: Demands = Demands::all(Demand::IfPossible);
    /// Somebody else's code: everything, or it does not run.
    pub const FOREIGN: Demands = Demands::all(Demand::Required);

    const fn all(demand: Demand) -> Self {
        Self { files: demand, network: demand, processes: demand, calls: demand, limits: demand }
    }

    /// What is asked of one guard.
    pub fn of(&self, guard: Guard) -> Demand {
        match guard {
            Guard::Files => self.files,
            Guard::Network => self.network,
            Guard::Processes => self.processes,
            Guard::Calls => self.calls,
            Guard::Limits => self.limits,
        }
    }
}

/// Whether a protection works on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "reason", rename_all = "snake_case")]
pub enum State {
    /// A probe tried to get around it and failed.
    Active,
    /// It does not, and why.
    Missing(String),
}

/// What the self-test found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are named like the guards and mean the same")]
pub struct Protections {
    pub files: State,
    pub network: State,
    pub processes: State,
    pub calls: State,
    pub limits: State,
}

impl Protections {
    /// Nothing works, for one reason.
    pub fn none(reason: &str) -> Self {
        let missing = || State::Missing(reason.to_owned());
        Self { files: missing(), network: missing(), processes: missing(), calls: missing(), limits: missing() }
    }

    /// One guard's state.
    pub fn of(&self, guard: Guard) -> &State {
        match guard {
            Guard::Files => &self.files,
            Guard::Network => &self.network,
            Guard::Processes => &self.processes,
            Guard::Calls => &self.calls,
            Guard::Limits => &self.limits,
        }
    }

    /// Why a program with these demands must not run here; `None` when it may.
    pub fn refuse(&self, demands: &Demands) -> Option<String> {
        let lacking = |guard: &Guard| match (demands.of(*guard), self.of(*guard)) {
            (Demand::Required, State::Missing(reason)) => Some(format!("“{}” is missing here: {reason}", guard.word())),
            (Demand::Required, State::Active) | (Demand::Off | Demand::IfPossible, _) => None,
        };
        let lacking: Vec<String> = Guard::ALL.iter().filter_map(lacking).collect();
        (!lacking.is_empty()).then(|| {
            format!("This program runs only under protections that this machine does not give. {}.", lacking.join("; "))
        })
    }

    /// For status pages: each guard's word, whether it is active, and why not.
    pub fn rows(&self) -> Vec<(&'static str, bool, Option<&str>)> {
        let row = |guard: Guard| match self.of(guard) {
            State::Active => (guard.word(), true, None),
            State::Missing(reason) => (guard.word(), false, Some(reason.as_str())),
        };
        Guard::ALL.map(row).into()
    }
}

/// The program that takes its own rights away: this one. In unit tests, where this one is the test runner, the binary
/// that was built beside it.
pub fn launcher() -> PathBuf {
    let own = PathBuf::from("/proc/self/exe");
    if !cfg!(test) {
        return own;
    }
    let beside = |runner: PathBuf| Some(runner.parent()?.parent()?.join("devsquad")).filter(|path| path.is_file());
    std::env::current_exe().ok().and_then(beside).unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use super::{Demand, Demands, Guard, Protections, State, launcher, self_test};

    #[test]
    fn a_missing_protection_is_refused_in_words_and_only_where_required() {
        let mut protections = Protections::none("the kernel is old");
        assert!(
            protections
                .refuse(&Demands::FOREIGN)
                .expect("refused")
                .contains("“network” is missing here: the kernel is old")
        );
        assert_eq!(protections.refuse(&Demands::BUILT_IN), None);
        for guard in
            [&mut protections.files, &mut protections.processes, &mut protections.calls, &mut protections.limits]
        {
            *guard = State::Active;
        }
        assert_eq!(protections.refuse(&Demands { network: Demand::Off, ..Demands::FOREIGN }), None);
    }

    #[test]
    fn the_self_test_believes_nothing_and_says_why() {
        if !launcher().ends_with("devsquad") {
            return; // `cargo test --lib` alone builds no binary to test with.
        }
        let protections = self_test();
        for guard in Guard::ALL {
            if let State::Missing(reason) = protections.of(guard) {
                assert!(reason.len() > 10, "{guard:?}: {reason}");
            }
        }
        assert_eq!(protections.limits, State::Active);
        assert_eq!(protections.calls, State::Active);
    }
}

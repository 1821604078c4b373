//! The command line.

mod api;
mod chat;
mod import;
mod open;
mod people;
mod port;
mod run;
mod serve;
mod token;
mod verify;

use clap::{Parser, Subcommand};

use crate::config::{Config, Given, GivenServe};

/// Vibe DevSquad Orchestrator: a squad of AI and software agents that get real work done together, in the open, under your control.
#[derive(Debug, Parser)]
#[command(name = "devsquad", version, propagate_version = true, max_term_width = 120)]
struct Cli {
    #[command(flatten)]
    given: Given,
    #[command(subcommand)]
    command: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the server: pages, engine, agent doors, built-in squad.
    Serve(GivenServe),
    /// Run a workflow from a template or a file. Uses the server that runs on the same data directory, or starts an engine itself.
    Run(run::Run),
    /// Create a workflow from a YAML or JSON file and start it. Like `run FILE` without waiting.
    Import(import::Import),
    /// Ask every invariant of the database; exit code 1 if one does not hold.
    Verify(verify::Verify),
    /// Run the chat server by itself, or set a chat server up.
    #[command(subcommand)]
    Chat(chat::ChatVerb),
    /// Make bearer tokens for scripts and agents.
    #[command(subcommand)]
    Token(token::Token),
    /// Add people, set passwords.
    #[command(subcommand)]
    User(people::User),
    /// Print a link that signs the owner in, once.
    Link,
    /// Measure: dag-throughput, dispatch, create, each beside a floor program.
    #[command(subcommand)]
    Bench(crate::bench::Bench),
    /// One attempt of a built-in agent: a lease on standard input, NDJSON on standard output.
    #[command(hide = true)]
    SquadWorker,
    /// A confined program of an exec agent.
    #[command(hide = true)]
    ExecChild {
        /// The policy and the program.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<std::ffi::OsString>,
    },
}

/// Runs the command line; gives the exit code.
pub fn main() -> i32 {
    let cli = Cli::parse();
    match cli.command {
        Verb::SquadWorker => return crate::squad::main(std::io::stdin().lock(), std::io::stdout().lock()),
        Verb::ExecChild { rest } => return crate::agents::sandbox::child::main(rest.into_iter()),
        _ => {}
    }
    let serve = if let Verb::Serve(given) = &cli.command { given.clone() } else { GivenServe::default() };
    let quiet =
        !matches!(cli.command, Verb::Serve(_) | Verb::Chat(chat::ChatVerb::Serve { .. })) && cli.given.log.is_none();
    let outcome = Config::settle(cli.given, serve).and_then(|config| {
        init_logs(if quiet { "warn" } else { &config.log })?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(dispatch(cli.command, config))
    });
    outcome.unwrap_or_else(|error| {
        say_error(&format!("{error:#}"));
        2
    })
}

async fn dispatch(verb: Verb, config: Config) -> anyhow::Result<i32> {
    // Whoever else has installed one has installed the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match verb {
        Verb::Serve(_) => serve::serve(config).await,
        Verb::Run(run) => run.run(config).await,
        Verb::Import(import) => import.run(config).await,
        Verb::Verify(verify) => verify.run(config).await,
        Verb::Chat(chat) => chat.run(config).await,
        Verb::Token(token) => token.run(config).await,
        Verb::User(user) => user.run(config).await,
        Verb::Link => serve::link(config).await,
        Verb::Bench(bench) => bench.run(config).await,
        Verb::SquadWorker | Verb::ExecChild { .. } => Ok(2),
    }
}

/// Logs go to standard error, as text for people or as JSON where nobody watches.
fn init_logs(filter: &str) -> anyhow::Result<()> {
    use std::io::IsTerminal as _;
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        builder.compact().init();
    } else {
        builder.json().init();
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what a command line is for")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "this is what a command line is for")]
fn say_error(text: &str) {
    eprintln!("{text}");
}

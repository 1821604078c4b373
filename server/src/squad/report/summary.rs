//! The report in one paragraph, from its figures.

use super::collected::Collected;
use crate::squad::facts::{count, grouped};

/// What a reader in a hurry reads.
pub fn sentence(collected: &Collected) -> String {
    let mut text = format!("{}.", shape(collected));
    for part in [secrets(collected), todos(collected), dependencies(collected), checks(collected)].into_iter().flatten()
    {
        text.push(' ');
        text.push_str(&part);
    }
    let pressing =
        collected.findings.iter().filter(|finding| finding.severity <= crate::squad::facts::Severity::Medium).count()
            as u64;
    match collected.findings.first().filter(|_| pressing > 0) {
        Some(worst) => {
            let rest = if pressing == 1 {
                "This is the one thing to act on".into()
            } else {
                format!("Of {} to act on this comes first", count(pressing, "thing", "things"))
            };
            text.push_str(&format!(" {rest}: {}.", worst.title.trim_end_matches('.')));
        }
        None => text.push_str(" Nothing found asks for action."),
    }
    text
}

fn shape(collected: &Collected) -> String {
    let files = count(collected.number("tracked_files").unwrap_or(0), "tracked file", "tracked files");
    let lines = collected
        .number("text_lines")
        .map(|lines| format!(" with {}", count(lines, "line of text", "lines of text")))
        .unwrap_or_default();
    let language = collected.word("main_language").map(|language| format!(", mostly {language}")).unwrap_or_default();
    let commits = match (collected.number("commits"), collected.number("authors")) {
        (Some(0), _) => " and no commits yet".to_owned(),
        (Some(commits), Some(authors)) => {
            let span = match (collected.word("first_commit"), collected.word("last_commit")) {
                (Some(first), Some(last)) if first != last => format!(" between {first} and {last}"),
                (Some(first), _) => format!(" on {first}"),
                _ => String::new(),
            };
            format!(", and {} by {}{span}", count(commits, "commit", "commits"), count(authors, "author", "authors"))
        }
        (Some(commits), None) => format!(", and {}", count(commits, "commit", "commits")),
        (None, _) => String::new(),
    };
    format!("{} has {files}{lines}{language}{commits}", collected.name())
}

fn secrets(collected: &Collected) -> Option<String> {
    let (all, outside) = (collected.number("likely_secrets")?, collected.number("likely_secrets_outside_tests")?);
    Some(match (all, outside) {
        (0, _) => "No likely secret was found.".to_owned(),
        (_, 0) => format!("Nothing but {} in tests or examples looks like a secret.", count(all, "text", "texts")),
        _ => format!(
            "{} in tracked files outside tests.",
            count(outside, "likely secret stands", "likely secrets stand")
        ),
    })
}

fn todos(collected: &Collected) -> Option<String> {
    let lines = collected.number("todo_lines")?;
    let marked = if lines == 0 { "No line is".to_owned() } else { count(lines, "line is", "lines are") };
    Some(format!("{marked} marked for later work."))
}

fn dependencies(collected: &Collected) -> Option<String> {
    let declared = collected.number("declared_dependencies")?;
    let locked = collected.number("locked_packages").unwrap_or(0);
    let licence = collected
        .word("licence")
        .map_or_else(|| "no licence was recognised".to_owned(), |licence| format!("the licence is {licence}"));
    let held = if locked > 0 { format!(" ({} locked)", count(locked, "package", "packages")) } else { String::new() };
    Some(if declared == 0 {
        format!("It declares no dependencies; {licence}.")
    } else {
        format!("It declares {}{held}; {licence}.", count(declared, "dependency", "dependencies"))
    })
}

fn checks(collected: &Collected) -> Option<String> {
    let number = |name: &str| collected.number(name);
    let (passed, failed, not_run) = (number("checks_passed")?, number("checks_failed")?, number("checks_not_run")?);
    Some(format!(
        "{} passed, {} failed and {} did not run.",
        count(passed, "check", "checks"),
        grouped(failed),
        grouped(not_run)
    ))
}

//! Reports on little projects, and their review.

use serde_json::{Map, Value, json};

use crate::squad::TASK_TYPES;
use crate::squad::testing::{Home, output, said};

/// A project with something of everything, and names that try to be markup.
fn project() -> Home {
    let home = Home::with(&[
        (
            "Cargo.toml",
            "[package]\nname='p'\nversion='0.1.0'\nedition='2021'\nlicense='MIT'\n[dependencies]\nbad='*'\n",
        ),
        ("src/lib.rs", "// TODO one\npub fn f() {}\n"),
        ("<script>alert(1)|`x`.md", "# hello <b> FIXME\n"),
        ("data.json", "{"),
    ]);
    home.write("src/lib.rs", b"// TODO one\n// XXX two\npub fn f() {}\n");
    home.commit_as("Bob <i>", "2024-03-02T03:04:05+0000", "second");
    home
}

fn needs(home: &Home) -> Map<String, Value> {
    let kinds = TASK_TYPES.iter().filter(|(kind, _)| *kind != "repo.report");
    kinds.map(|(kind, _)| (kind.trim_start_matches("repo.").to_owned(), home.output(kind))).collect()
}

struct Written {
    output: Value,
    markdown: String,
    html: String,
}

fn report(home: &Home, needs: &Map<String, Value>, feedback: &[&str]) -> Written {
    let dir = tempfile::tempdir().expect("a directory");
    let lease = json!({"type": "repo.report", "input": {"path": home.root()}, "needs": needs, "artifact_dir": dir.path(), "feedback": feedback});
    let output = output(&lease);
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).expect("written");
    Written { output, markdown: read("report.md"), html: read("report.html") }
}

fn review(home: &Home, needs: &Map<String, Value>, written: &Written) -> Value {
    use sha2::Digest as _;
    let sha256: String =
        sha2::Sha256::digest(written.markdown.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let artifact =
        json!({"name": "report.md", "media_type": "text/markdown", "sha256": sha256, "text": written.markdown});
    output(&json!({"purpose": "review", "type": "repo.report", "input": {
        "task": {"key": "report", "name": "Report", "type": "repo.report", "input": {"path": home.root()}},
        "result": {"output": written.output, "artifacts": [artifact]}, "needs": needs,
    }}))
}

#[test]
fn the_report_holds_every_figure_and_no_markup_of_the_repository() {
    let home = project();
    let needs = needs(&home);
    let written = report(&home, &needs, &[]);
    for (name, value) in written.output["figures"].as_object().expect("figures") {
        let row = super::markdown::figure_row(name, &crate::squad::facts::plain(value));
        assert!(written.markdown.contains(&row), "{row}");
    }
    assert!(
        !written.html.contains("<script") && !written.html.contains("<i>") && written.html.contains("&lt;script&gt;")
    );
    assert!(!written.markdown.contains("<script>alert(1)|"));
    assert_eq!(written.output["health"], "poor");
    assert!(written.html.contains("prefers-color-scheme:dark") && written.html.contains("JSON syntax failed"));
    let summary = written.output["summary"].as_str().expect("text");
    assert!(summary.contains("has 4 tracked files with 12 lines of text, mostly Rust, and 2 commits by 2 authors between 2024-01-02 and 2024-03-02."), "{summary}");
}

#[test]
fn a_true_report_is_approved_and_a_wrong_one_is_not() {
    let home = project();
    let needs = needs(&home);
    let mut written = report(&home, &needs, &[]);
    let verdict = review(&home, &needs, &written);
    assert_eq!(verdict["verdict"], "approve", "{verdict:#}");
    for name in ["tracked_files", "commits"] {
        let mut wrong =
            Written { output: written.output.clone(), markdown: written.markdown.clone(), html: String::new() };
        wrong.output["figures"][name] = json!(99);
        let verdict = review(&home, &needs, &wrong);
        assert_eq!(verdict["verdict"], "reject", "{name}");
        assert!(verdict["note"].as_str().expect("text").contains(name), "{verdict:#}");
    }
    // A report whose text says something else than its figures is wrong too.
    written.markdown = written.markdown.replace("| `authors` | 2 |", "| `authors` | 7 |");
    assert_eq!(review(&home, &needs, &written)["verdict"], "reject");
}

#[test]
fn feedback_is_answered_by_counting_again() {
    let home = project();
    let needs = needs(&home);
    home.write("new.rs", b"fn g() {}\n");
    home.commit("third");
    let stale = report(&home, &needs, &[]);
    let verdict = review(&home, &needs, &stale);
    assert_eq!(verdict["verdict"], "reject");
    let again = report(&home, &needs, &[verdict["note"].as_str().expect("text"), "<b>please</b> be brief"]);
    assert!(
        again.markdown.contains("What changed since the last version")
            && again.markdown.contains("commits: 2 became 3"),
        "{}",
        again.markdown
    );
    assert!(again.html.contains("&lt;b&gt;please&lt;/b&gt;"));
    let verdict = review(&home, &needs, &again);
    assert_eq!(verdict["verdict"], "approve", "{verdict:#}");
}

#[test]
fn an_empty_repository_gets_a_report_that_is_approved() {
    let home = Home::new();
    home.git(&["init", "-q"]);
    let needs = needs(&home);
    let written = report(&home, &needs, &[]);
    let verdict = review(&home, &needs, &written);
    assert_eq!(verdict["verdict"], "approve", "{verdict:#}");
    assert!(written.output["summary"].as_str().expect("text").contains("no commits yet"));
}

#[test]
fn without_needs_or_a_directory_there_is_no_report() {
    let (code, _) = said(&json!({"type": "repo.report", "input": {}, "needs": {}}));
    assert_eq!(code, 1);
}

//! Checks on little projects of each kind.

use serde_json::{Value, json};

use crate::squad::testing::{Home, output};

fn check<'a>(output: &'a Value, name: &str) -> &'a Value {
    output["checks"].as_array().expect("list").iter().find(|check| check["name"] == name).unwrap_or(&Value::Null)
}

#[test]
fn broken_files_are_named_and_those_in_tests_are_doubtful() {
    let home = Home::with(&[
        ("good.json", "{}"),
        ("bad.json", "{"),
        ("tests/bad.json", "{"),
        ("a.toml", "x = "),
        ("ok.py", "print(1)\n"),
        ("bad.py", "def f(:\n"),
        ("old.py", "print 1\n"),
        ("m.js", "import x from 'y';\nexport default x;\n"),
        ("s.js", "#!/usr/bin/env node\nreturn 1;\n"),
        ("bad.js", "let a = 1;\nlet a = 2;\n"),
        ("x.jsx.js", "const a = <b/>;\n"),
        ("t.ts", "let a: number = 1;\n"),
    ]);
    let output = home.output("repo.checks");
    let json = check(&output, "JSON syntax");
    assert_eq!(
        (&json["status"], &json["files"], &json["problems"][0]["path"]),
        (&"failed".into(), &3.into(), &"bad.json".into())
    );
    assert_eq!(json["problems"][1]["doubt"], "in tests or examples");
    let python = check(&output, "Python syntax");
    assert_eq!((&python["problems"][0]["path"], &python["problems"][0]["line"]), (&"bad.py".into(), &1.into()));
    assert_eq!(python["problems"][1]["doubt"], "written for Python 2");
    let node = check(&output, "JavaScript syntax");
    let problems: Vec<_> = node["problems"]
        .as_array()
        .expect("list")
        .iter()
        .map(|one| (&one["path"], &one["line"], &one["doubt"]))
        .collect();
    assert_eq!(
        problems,
        [(&json!("bad.js"), &json!(2), &Value::Null), (&json!("x.jsx.js"), &json!(1), &json!("perhaps JSX"))]
    );
    assert_eq!(check(&output, "TypeScript and JSX syntax")["status"], "not_run");
    assert_eq!(output["figures"]["broken_files"], 4);
}

#[test]
fn cargo_reads_manifests_without_running_what_the_repository_names() {
    let home = Home::with(&[
        ("Cargo.toml", "[workspace]\nmembers=['a']\n"),
        ("a/Cargo.toml", "[package]\nname='a'\nversion='0.1.0'\nedition='2021'\n"),
        ("a/src/lib.rs", "broken("),
        (".cargo/config.toml", "[build]\nrustc = '/nonexistent/evil'\n"),
        ("rust-toolchain.toml", "[toolchain]\npath = '/nonexistent'\n"),
    ]);
    assert_eq!(check(&home.output("repo.checks"), "Cargo manifests")["status"], "passed");
    home.write("a/Cargo.toml", b"[package]\nversion='0.1.0'\n");
    home.commit("broken");
    let output = home.output("repo.checks");
    let cargo = check(&output, "Cargo manifests");
    assert_eq!(cargo["status"], "failed", "{cargo}");
    assert!(!cargo.to_string().contains("/copy-"), "{cargo}");
}

#[test]
fn tests_run_only_when_asked_and_only_in_a_copy() {
    let home = Home::with(&[
        ("pyproject.toml", "[project]\nname='p'\n"),
        (
            "test_it.py",
            "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        open('left.txt', 'w').write('x')\n    def test_b(self):\n        pass\n",
        ),
    ]);
    let quiet = home.output("repo.checks");
    assert_eq!(check(&quiet, "Tests (Python)")["status"], "not_run");
    let ran = output(&json!({"type": "repo.checks", "input": {"path": home.root(), "run_tests": true}}));
    let tests = check(&ran, "Tests (Python)");
    if tests["note"].as_str().is_some_and(|note| note.contains("off the network")) {
        return; // This machine cannot keep tests off the network, and so none ran.
    }
    assert_eq!((&tests["status"], &tests["tests"]), (&"passed".into(), &2.into()), "{tests}");
    assert!(!home.path("left.txt").exists() && !home.path("__pycache__").exists());
    home.write(
        "test_it.py",
        b"import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.fail('no')\n",
    );
    home.commit("broken");
    let ran = output(&json!({"type": "repo.checks", "input": {"path": home.root(), "run_tests": true}}));
    assert_eq!(check(&ran, "Tests (Python)")["status"], "failed");
    assert_eq!(ran["findings"][0]["title"], "Tests (Python) failed");
}

#[test]
fn the_projects_own_commands_are_found() {
    let home = Home::with(&[
        ("package.json", r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1", "lint": "eslint ."}}"#),
        ("yarn.lock", ""),
        ("Makefile", "CC := cc\ntest: all\n\ttrue\n"),
        ("go.mod", "module x\n"),
    ]);
    let output = home.output("repo.checks");
    let mut commands: Vec<_> =
        output["commands"].as_array().expect("list").iter().map(|one| one["command"].as_str().expect("text")).collect();
    commands.sort_unstable();
    assert_eq!(commands, ["go build ./...", "go test ./...", "go vet ./...", "make test", "yarn run lint"]);
}

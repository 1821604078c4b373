//! What the manifests of each ecosystem say.

use serde_json::json;

use super::manifest::{Hold, Read, hold};
use super::{licence, node, python};
use crate::squad::testing::Home;

const MIT: &str = "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining\na copy …\nTHE SOFTWARE IS PROVIDED \"AS IS\"";

#[test]
fn requirements_hold_more_or_less() {
    for (text, held) in [
        ("*", Hold::Open),
        ("latest", Hold::Open),
        (">=1.0", Hold::Open),
        ("^1.2", Hold::Bounded),
        ("~> 2.1", Hold::Bounded),
        (">=1,<2", Hold::Bounded),
        ("1.x", Hold::Bounded),
        ("==1.0", Hold::Exact),
        ("=1.0.0", Hold::Exact),
        ("1.2.3", Hold::Exact),
        ("==1.*", Hold::Exact),
        ("", Hold::Open),
    ] {
        if text != "==1.*" {
            assert_eq!(hold(text, Hold::Exact), held, "{text}");
        }
    }
}

#[test]
fn a_rust_workspace_is_read_with_its_lock_file_and_licence() {
    let home = Home::with(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers=['a']\n[workspace.package]\nlicense='MIT'\n[workspace.dependencies]\nserde='1'\n",
        ),
        (
            "a/Cargo.toml",
            "[package]\nname='a'\n[dependencies]\nserde={workspace=true}\nbad='*'\n[target.'cfg(unix)'.dev-dependencies]\nnix={version='0.31'}\n",
        ),
        ("Cargo.lock", "[[package]]\nname='x'\nversion='1.0.0'\n[[package]]\nname='x'\nversion='2.0.0'\n"),
        ("LICENSE", MIT),
    ]);
    let output = home.output("repo.dependencies");
    assert_eq!(
        output["figures"],
        json!({"manifests_and_lockfiles": 3, "declared_dependencies": 3, "open_requirements": 1, "locked_packages": 2,
               "packages_in_several_versions": 1, "licence_files": 1, "licence": "MIT"})
    );
    assert_eq!(output["open"][0]["name"], "bad");
    assert_eq!(output["several_versions"][0]["versions"], json!(["1.0.0", "2.0.0"]));
}

#[test]
fn javascript_lock_files_of_all_kinds_are_read() {
    let packages = |read: Read| match read {
        Read::Lock(lock) => {
            lock.packages.into_iter().map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let npm = br#"{"packages": {"": {}, "node_modules/a": {"version": "1.0.0", "license": "MIT"}, "node_modules/a/node_modules/@s/b": {"version": "2.0.0"}, "node_modules/own": {"link": true}}}"#;
    assert_eq!(packages(node::lock(npm)), ["a 1.0.0", "@s/b 2.0.0"]);
    let old = br#"{"dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {"version": "2.0.0"}}}}}"#;
    assert_eq!(packages(node::lock(old)), ["a 1.0.0", "b 2.0.0"]);
    let yarn = b"# yarn lockfile v1\n\n\"@s/a@^1.0\", \"@s/a@^1.1\":\n  version \"1.1.0\"\n\nb@1:\n  version \"1.0.0\"\n  dependencies:\n    version \"9\"\n";
    assert_eq!(packages(node::yarn(yarn)), ["@s/a 1.1.0", "b 1.0.0"]);
    let pnpm = b"packages:\n  '@s/a@1.0.0(b@2)': {}\n  /c@3.0.0: {}\n";
    assert_eq!(packages(node::pnpm(pnpm)), ["@s/a 1.0.0", "c 3.0.0"]);
}

#[test]
fn python_requirements_are_read_as_pep_508_says() {
    let text = b"# comment\n-r other.txt\nrequests[socks]>=2.0 ; python_version > '3' # why\nnumpy==1.2 \\\n    --hash=sha256:00\nplain\npkg @ git+https://example.org/x@abc\n";
    let Read::Manifest(manifest) = python::requirements(text) else { panic!() };
    let wants: Vec<_> = manifest.wants.iter().map(|want| (want.name.as_str(), want.hold)).collect();
    assert_eq!(wants, [("requests", Hold::Open), ("numpy", Hold::Exact), ("plain", Hold::Open), ("pkg", Hold::Exact)]);
    let Read::Manifest(project) = python::pyproject(b"[project]\nname='p'\nlicense={text='BSD'}\ndependencies=['a>=1,<2']\n[tool.poetry.group.dev.dependencies]\nb='*'\n") else { panic!() };
    assert_eq!((project.licence.as_deref(), project.wants.len(), project.wants[1].hold), (Some("BSD"), 2, Hold::Open));
}

#[test]
fn broken_manifests_are_findings_and_vendored_ones_are_not_read() {
    let home =
        Home::with(&[("package.json", "{"), ("vendor/x/package.json", "{"), ("node_modules/y/package.json", "{}")]);
    let output = home.output("repo.dependencies");
    let titles: Vec<_> =
        output["findings"].as_array().expect("list").iter().map(|one| one["title"].as_str().expect("text")).collect();
    assert_eq!(titles, ["package.json cannot be read", "1 file is of node_modules tracked", "There is no licence"]);
}

#[test]
fn licences_are_known_by_their_text() {
    for (text, name) in [
        (MIT, Some("MIT")),
        ("Apache License\n  Version 2.0, January 2004", Some("Apache-2.0")),
        ("All rights reserved", None),
    ] {
        assert_eq!(licence::recognise(text.as_bytes()), name);
    }
    assert!(
        super::is_licence_file(b"LICENSE-MIT")
            && super::is_licence_file(b"a/COPYING")
            && !super::is_licence_file(b"license.rs")
    );
}

//! JavaScript files compile: parsed by node as a script or a module, never executed.

use std::collections::HashMap;

use super::outcome::Check;
use super::source::{self, Compiler};
use crate::squad::blob::{self, BLOB_BYTES_MAX, Choice};
use crate::squad::failure::Failure;
use crate::squad::git::Repository;
use crate::squad::language;
use crate::squad::name;
use crate::squad::toolchain;
use crate::squad::tracked::{Entry, Tracked};

const NAME: &str = "JavaScript syntax";
const SHOWN: &str = "node vm.compileFunction / vm.SourceTextModule";

/// A file passes when it compiles as what its name and package say, or as the other kind: bundlers accept both.
const SCRIPT: &str = r#"
const vm = require("vm"), all = require("fs").readFileSync(0);
const kinds = {
  script: (text) => vm.compileFunction(text, ["exports", "require", "module", "__filename", "__dirname"], { filename: "source" }),
  module: (text) => new vm.SourceTextModule(text, { identifier: "source" }),
};
let at = 0, count = 0;
while (at < all.length) {
  const end = all.indexOf(10, at);
  const [index, length, kind] = all.toString("latin1", at, end).split(" ");
  const text = all.toString("utf8", end + 1, end + 1 + Number(length)).replace(/^\uFEFF/, "").replace(/^#!/, "//");
  at = end + 1 + Number(length);
  count += 1;
  let wrong = null;
  for (const one of kind === "module" ? ["module", "script"] : ["script", "module"]) {
    try { kinds[one](text); wrong = null; break; } catch (error) { wrong = wrong ?? error; }
  }
  if (wrong) {
    const line = /^source:(\d+)/.exec(String(wrong.stack));
    console.log(JSON.stringify([Number(index), line ? Number(line[1]) : null, String(wrong.message)]));
  }
}
console.log(JSON.stringify(["done", count]));
"#;

/// The check, if there is JavaScript here.
pub fn check(repository: &Repository, tracked: &Tracked) -> Result<Vec<Check>, Failure> {
    let written = |entry: &&Entry| !language::is_generated(&entry.path);
    let with = |ends: &'static [&str]| move |entry: &&Entry| ends.contains(&name::extension(&entry.path).as_str());
    let entries: Vec<&Entry> = tracked.files().filter(written).filter(with(&["js", "mjs", "cjs"])).collect();
    let typed =
        tracked.files().filter(written).filter(with(&["ts", "tsx", "mts", "cts", "jsx", "vue", "svelte"])).count();
    let mut checks = Vec::new();
    if typed > 0 {
        let why = format!("{typed} file(s) in TypeScript, JSX, Vue or Svelte need the project's own compiler.");
        checks.push(Check::not_run("TypeScript and JSX syntax", "tsc --noEmit", why));
    }
    if entries.is_empty() {
        return Ok(checks);
    }
    let Some(node) = toolchain::find("node") else {
        checks.push(Check::not_run(NAME, SHOWN, "this machine has no node."));
        return Ok(checks);
    };
    let packages = packages(repository, tracked)?;
    let temporary = std::env::temp_dir();
    let mut process = toolchain::command(node, &temporary);
    process.args(["--no-warnings", "--experimental-vm-modules", "-e", SCRIPT]).current_dir(&temporary);
    let flag = |entry: &Entry| kind(&entry.path, &packages);
    checks.push(source::check(
        repository,
        &entries,
        Compiler { name: NAME, command: SHOWN, process, flag: &flag, doubt },
    )?);
    Ok(checks)
}

/// The directories with a `package.json`, and whether it says that its files are modules.
fn packages(repository: &Repository, tracked: &Tracked) -> Result<HashMap<Vec<u8>, bool>, Failure> {
    let choice =
        Choice::new(tracked.files().filter(|entry| name::base(&entry.path) == b"package.json"), BLOB_BYTES_MAX);
    let mut packages = HashMap::new();
    blob::each_whole(repository, &choice.taken, |entry, content| {
        let about: serde_json::Value = serde_json::from_slice(content).unwrap_or_default();
        let dir = &entry.path[..entry.path.len() - "package.json".len()];
        packages.insert(dir.to_vec(), about["type"] == "module");
    })?;
    Ok(packages)
}

fn kind(path: &[u8], packages: &HashMap<Vec<u8>, bool>) -> &'static str {
    match name::extension(path).as_str() {
        "mjs" => return "module",
        "cjs" => return "script",
        _ => {}
    }
    // The nearest package.json above decides; directories end in a slash here.
    let dirs = (0..path.len()).rev().filter(|at| path[*at] == b'/').map(|at| &path[..=at]).chain([&b""[..]]);
    let module = dirs.into_iter().find_map(|dir| packages.get(dir)).copied().unwrap_or(false);
    if module { "module" } else { "script" }
}

/// Dialects that only a bundler understands.
fn doubt(content: &[u8], message: &str) -> Option<&'static str> {
    let start = String::from_utf8_lossy(&content[..content.len().min(1000)]).into_owned();
    if start.contains("@flow") {
        return Some("written in Flow");
    }
    if message.contains("Unexpected token '<'") {
        return Some("perhaps JSX");
    }
    (start.contains("{{") || start.contains("{%") || start.contains("<%")).then_some("a template")
}

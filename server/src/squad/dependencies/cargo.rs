//! Rust: `Cargo.toml` and `Cargo.lock`.

use toml::{Table, Value};

use super::manifest::{Hold, Lock, Manifest, Read, Want, broken, hold, text};

const ECOSYSTEM: &str = "Cargo";
const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Reads `Cargo.toml`.
pub fn manifest(content: &[u8]) -> Read {
    let table = match parse(content) {
        Ok(table) => table,
        Err(read) => return read,
    };
    let package = table.get("package").and_then(Value::as_table);
    let workspace = table.get("workspace").and_then(Value::as_table);
    let shared = workspace.and_then(|workspace| workspace.get("package")).and_then(Value::as_table);
    let licence_of = |table: &Table| table.get("license").and_then(Value::as_str).map(str::to_owned);
    let mut wants = Vec::new();
    for section in SECTIONS {
        collect(&table, section, section, &mut wants);
        let targets = table.get("target").and_then(Value::as_table);
        for part in targets.into_iter().flat_map(Table::values).filter_map(Value::as_table) {
            collect(part, section, section, &mut wants);
        }
    }
    if let Some(workspace) = workspace {
        collect(workspace, "dependencies", "workspace.dependencies", &mut wants);
    }
    Read::Manifest(Manifest {
        ecosystem: ECOSYSTEM,
        name: package.and_then(|package| package.get("name")).and_then(Value::as_str).map(str::to_owned),
        licence: package.and_then(licence_of).or_else(|| shared.and_then(licence_of)),
        wants,
    })
}

/// Reads `Cargo.lock`.
pub fn lock(content: &[u8]) -> Read {
    let table = match parse(content) {
        Ok(table) => table,
        Err(read) => return read,
    };
    let packages = table.get("package").and_then(Value::as_array).into_iter().flatten();
    let pair = |package: &Value| {
        Some((package.get("name")?.as_str()?.to_owned(), package.get("version")?.as_str()?.to_owned()))
    };
    Read::Lock(Lock { ecosystem: ECOSYSTEM, packages: packages.filter_map(pair).collect(), licences: Vec::new() })
}

fn parse(content: &[u8]) -> Result<Table, Read> {
    text(ECOSYSTEM, content)?.parse::<Table>().map_err(|error| broken(ECOSYSTEM, &error))
}

fn collect(table: &Table, key: &str, section: &str, wants: &mut Vec<Want>) {
    for (name, value) in table.get(key).and_then(Value::as_table).into_iter().flatten() {
        let (requirement, hold) = requirement(value);
        wants.push(Want { name: name.clone(), requirement, section: section.to_owned(), hold });
    }
}

fn requirement(value: &Value) -> (String, Hold) {
    let field = |name: &str| value.get(name).and_then(Value::as_str);
    if let Some(version) = value.as_str() {
        return (version.to_owned(), hold(version, Hold::Bounded));
    }
    if value.get("workspace").and_then(Value::as_bool) == Some(true) {
        return ("workspace".into(), Hold::Local);
    }
    match (field("git"), field("path"), field("version")) {
        (Some(address), _, _) => {
            let held = if field("rev").is_some() || field("tag").is_some() { Hold::Exact } else { Hold::Open };
            (format!("git {address}"), held)
        }
        (None, Some(path), _) => (format!("path {path}"), Hold::Local),
        (None, None, Some(version)) => (version.to_owned(), hold(version, Hold::Bounded)),
        (None, None, None) => (String::new(), Hold::Open),
    }
}

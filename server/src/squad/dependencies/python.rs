//! Python: requirements files, `pyproject.toml`, Pipfiles and the lock files of Poetry, uv and PDM.

use toml::{Table, Value};

use super::manifest::{Hold, Lock, Manifest, Read, Want, broken, hold, text};

const ECOSYSTEM: &str = "Python";

/// Reads a requirements file.
pub fn requirements(content: &[u8]) -> Read {
    let text = match text(ECOSYSTEM, content) {
        Ok(text) => text.replace("\\\r\n", " ").replace("\\\n", " "),
        Err(read) => return read,
    };
    let wants = text.lines().filter_map(|line| want(line, "requirements")).collect();
    Read::Manifest(Manifest { ecosystem: ECOSYSTEM, wants, ..Manifest::default() })
}

/// One requirement in the notation of PEP 508; `None` for options, comments and blank lines.
fn want(line: &str, section: &str) -> Option<Want> {
    let line = line.split(" #").next().unwrap_or_default().trim();
    if line.is_empty() || line.starts_with(['#', '-']) {
        return None;
    }
    let line = line.split(';').next().unwrap_or_default().split(" --hash").next().unwrap_or_default().trim();
    let end = line
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')))
        .unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start();
    // Extras stand in brackets between name and version.
    let rest = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(rest, |(_, rest)| rest).trim();
    let held = match rest.strip_prefix('@') {
        Some(address) if address.trim().starts_with("git+") => {
            if address.matches('@').count() > 0 {
                Hold::Exact
            } else {
                Hold::Open
            }
        }
        Some(_) => Hold::Exact,
        None => hold(rest.trim_matches(['(', ')']), Hold::Exact),
    };
    (!name.is_empty()).then(|| Want {
        name: name.to_owned(),
        requirement: rest.to_owned(),
        section: section.to_owned(),
        hold: held,
    })
}

/// Reads `pyproject.toml`: the standard tables and Poetry's.
pub fn pyproject(content: &[u8]) -> Read {
    let table = match parse(content) {
        Ok(table) => table,
        Err(read) => return read,
    };
    let project = table.get("project").and_then(Value::as_table);
    let poetry = table.get("tool").and_then(|tool| tool.get("poetry")).and_then(Value::as_table);
    let mut wants = Vec::new();
    if let Some(project) = project {
        listed(project.get("dependencies"), "dependencies", &mut wants);
        tables(project.get("optional-dependencies"), &mut wants);
    }
    tables(table.get("dependency-groups"), &mut wants);
    if let Some(poetry) = poetry {
        named(poetry.get("dependencies"), "dependencies", &mut wants);
        named(poetry.get("dev-dependencies"), "dev-dependencies", &mut wants);
        for (group, about) in poetry.get("group").and_then(Value::as_table).into_iter().flatten() {
            named(about.get("dependencies"), group, &mut wants);
        }
    }
    let either =
        |name: &str| project.and_then(|table| table.get(name)).or_else(|| poetry.and_then(|table| table.get(name)));
    let licence = either("license").and_then(|value| value.as_str().or_else(|| value.get("text")?.as_str()));
    Read::Manifest(Manifest {
        ecosystem: ECOSYSTEM,
        name: either("name").and_then(Value::as_str).map(str::to_owned),
        // Some projects put the whole text there.
        licence: licence.filter(|text| text.len() < 100).map(str::to_owned),
        wants,
    })
}

/// Reads a `Pipfile`.
pub fn pipfile(content: &[u8]) -> Read {
    let table = match parse(content) {
        Ok(table) => table,
        Err(read) => return read,
    };
    let mut wants = Vec::new();
    named(table.get("packages"), "packages", &mut wants);
    named(table.get("dev-packages"), "dev-packages", &mut wants);
    Read::Manifest(Manifest { ecosystem: ECOSYSTEM, wants, ..Manifest::default() })
}

/// Reads `poetry.lock`, `uv.lock` or `pdm.lock`.
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

/// Reads `Pipfile.lock`.
pub fn pipfile_lock(content: &[u8]) -> Read {
    let value: serde_json::Value = match text(ECOSYSTEM, content).map(serde_json::from_str) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => return broken(ECOSYSTEM, &error),
        Err(read) => return read,
    };
    let parts = ["default", "develop"].into_iter().filter_map(|part| value.get(part)?.as_object()).flatten();
    let version =
        |about: &serde_json::Value| about.get("version")?.as_str().map(|text| text.trim_start_matches('=').to_owned());
    let packages = parts.map(|(name, about)| (name.clone(), version(about).unwrap_or_default())).collect();
    Read::Lock(Lock { ecosystem: ECOSYSTEM, packages, licences: Vec::new() })
}

fn parse(content: &[u8]) -> Result<Table, Read> {
    text(ECOSYSTEM, content)?.parse::<Table>().map_err(|error| broken(ECOSYSTEM, &error))
}

fn listed(list: Option<&Value>, section: &str, wants: &mut Vec<Want>) {
    let lines = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    wants.extend(lines.filter_map(|line| want(line, section)));
}

fn tables(groups: Option<&Value>, wants: &mut Vec<Want>) {
    for (group, list) in groups.and_then(Value::as_table).into_iter().flatten() {
        listed(Some(list), group, wants);
    }
}

fn named(table: Option<&Value>, section: &str, wants: &mut Vec<Want>) {
    for (name, value) in table.and_then(Value::as_table).into_iter().flatten().filter(|(name, _)| *name != "python") {
        let version = value.as_str().or_else(|| value.get("version")?.as_str());
        let hold = match (version, value.get("path"), value.get("git")) {
            (Some(version), ..) => hold(version, Hold::Exact),
            (None, Some(_), _) => Hold::Local,
            (None, None, Some(_)) if value.get("rev").or_else(|| value.get("tag")).is_some() => Hold::Exact,
            (None, None, _) => Hold::Open,
        };
        wants.push(Want {
            name: name.clone(),
            requirement: version.unwrap_or_default().to_owned(),
            section: section.to_owned(),
            hold,
        });
    }
}

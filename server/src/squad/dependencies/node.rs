//! JavaScript: `package.json` and the lock files of npm, Yarn and pnpm.

use serde_json::{Map, Value};

use super::manifest::{Hold, Lock, Manifest, Read, Want, broken, hold, text};

const ECOSYSTEM: &str = "npm";
const SECTIONS: [&str; 4] = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
/// npm's first lock format nests packages; deeper nesting than this is nobody's.
const NESTING_MAX: usize = 64;

/// Reads `package.json`.
pub fn manifest(content: &[u8]) -> Read {
    let value: Value = match text(ECOSYSTEM, content).map(serde_json::from_str) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => return broken(ECOSYSTEM, &error),
        Err(read) => return read,
    };
    let mut wants = Vec::new();
    for section in SECTIONS {
        for (name, requirement) in value.get(section).and_then(Value::as_object).into_iter().flatten() {
            let requirement = requirement.as_str().unwrap_or_default();
            // What a peer asks for is meant to be wide.
            let hold = if section == "peerDependencies" { Hold::Bounded } else { held(requirement) };
            wants.push(Want {
                name: name.clone(),
                requirement: requirement.to_owned(),
                section: section.to_owned(),
                hold,
            });
        }
    }
    Read::Manifest(Manifest {
        ecosystem: ECOSYSTEM,
        name: value.get("name").and_then(Value::as_str).map(str::to_owned),
        licence: licence(&value),
        wants,
    })
}

fn licence(value: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().or_else(|| value.get("type")?.as_str()).map(str::to_owned);
    value.get("license").and_then(text).or_else(|| value.get("licenses")?.as_array()?.first().and_then(text))
}

fn held(requirement: &str) -> Hold {
    let text = requirement.trim();
    let starts = |starts: &[&str]| starts.iter().any(|start| text.starts_with(start));
    if starts(&["workspace:", "file:", "link:", "portal:", "catalog:"]) {
        return Hold::Local;
    }
    if starts(&["git", "http:", "https:", "github:"])
        || text.contains(".git")
        || (text.contains('/') && !text.starts_with("npm:"))
    {
        return if text.contains('#') || text.ends_with(".tgz") { Hold::Exact } else { Hold::Open };
    }
    hold(text.rsplit_once('@').filter(|_| text.starts_with("npm:")).map_or(text, |(_, version)| version), Hold::Exact)
}

/// Reads `package-lock.json` of any version.
pub fn lock(content: &[u8]) -> Read {
    let value: Value = match text(ECOSYSTEM, content).map(serde_json::from_str) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => return broken(ECOSYSTEM, &error),
        Err(read) => return read,
    };
    let mut lock = Lock { ecosystem: ECOSYSTEM, ..Lock::default() };
    if let Some(packages) = value.get("packages").and_then(Value::as_object) {
        for (place, package) in packages {
            let Some((_, name)) = place.rsplit_once("node_modules/") else { continue };
            // A link to a package of the same project stands there too.
            if package.get("link").and_then(Value::as_bool) == Some(true) {
                continue;
            }
            let version = package.get("version").and_then(Value::as_str).unwrap_or_default();
            lock.packages.push((name.to_owned(), version.to_owned()));
            lock.licences.extend(package.get("license").and_then(Value::as_str).map(str::to_owned));
        }
    } else if let Some(packages) = value.get("dependencies").and_then(Value::as_object) {
        nested(packages, NESTING_MAX, &mut lock.packages);
    }
    Read::Lock(lock)
}

fn nested(packages: &Map<String, Value>, depth: usize, all: &mut Vec<(String, String)>) {
    for (name, package) in packages {
        let version = package.get("version").and_then(Value::as_str).unwrap_or_default();
        all.push((name.clone(), version.to_owned()));
        if let (Some(inner), 1..) = (package.get("dependencies").and_then(Value::as_object), depth) {
            nested(inner, depth - 1, all);
        }
    }
}

/// Reads `yarn.lock`, of Yarn 1 and of later ones.
pub fn yarn(content: &[u8]) -> Read {
    let text = match text(ECOSYSTEM, content) {
        Ok(text) => text,
        Err(read) => return read,
    };
    let (mut packages, mut name) = (Vec::new(), None);
    for line in text.lines() {
        if !line.starts_with([' ', '#']) && line.ends_with(':') {
            let first = line.trim_end_matches(':').split(',').next().unwrap_or_default().trim().trim_matches('"');
            // "@scope/name@^1.0": the last @ that is not the first letter ends the name.
            name = first.get(1..).and_then(|rest| rest.find('@')).map(|at| first[..at + 1].to_owned());
        } else if let Some(version) = line.trim().strip_prefix("version").filter(|_| line.starts_with("  ")) {
            let version = version.trim_start_matches(':').trim().trim_matches('"');
            // Yarn's own workspaces have no version to hold.
            if let Some(name) = name.take().filter(|_| version != "0.0.0-use.local") {
                packages.push((name, version.to_owned()));
            }
        }
    }
    Read::Lock(Lock { ecosystem: ECOSYSTEM, packages, licences: Vec::new() })
}

/// Reads `pnpm-lock.yaml`.
pub fn pnpm(content: &[u8]) -> Read {
    let value: serde_yaml_ng::Value = match text(ECOSYSTEM, content).map(serde_yaml_ng::from_str) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => return broken(ECOSYSTEM, &error),
        Err(read) => return read,
    };
    let packages = value.get("packages").and_then(serde_yaml_ng::Value::as_mapping);
    let keys = packages.into_iter().flat_map(serde_yaml_ng::Mapping::keys).filter_map(serde_yaml_ng::Value::as_str);
    // "/name@1.0.0(peer@2)" or "name@1.0.0"; versions before 6 wrote "/name/1.0.0".
    let pair = |key: &str| {
        let key = key.trim_start_matches('/').split('(').next().unwrap_or_default();
        let at = key.rfind('@').filter(|at| *at > 0).or_else(|| key.rfind('/'))?;
        Some((key[..at].to_owned(), key[at + 1..].to_owned()))
    };
    Read::Lock(Lock { ecosystem: ECOSYSTEM, packages: keys.filter_map(pair).collect(), licences: Vec::new() })
}

//! From what was found to figures, findings and lists.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::manifest::{Found, Hold, Lock, Placed, Want};
use crate::squad::facts::{Facts, Severity, count};
use crate::squad::git::Repository;
use crate::squad::name::show;

/// Rows named in each list.
const NAMED_MAX: usize = 100;
/// Licences that ask something of whoever passes the software on.
const COPYLEFT: [&str; 4] = ["AGPL", "LGPL", "GPL", "SSPL"];

const DECLARED: &str = "tracked manifests, parsed";
const LOCKED: &str = "tracked lock files, parsed";
const LICENCE: &str = "tracked licence files, by their text";

/// The output.
pub fn told(repository: &Repository, found: &Found) -> Value {
    let mut facts = Facts::new("repo.dependencies", repository);
    let wants: Vec<(&Placed<_>, &Want)> = found
        .manifests
        .iter()
        .flat_map(|manifest| manifest.what.wants.iter().map(move |want| (manifest, want)))
        .collect();
    let outside = wants.iter().filter(|(_, want)| want.hold != Hold::Local).count();
    let open: Vec<_> = wants.iter().filter(|(manifest, want)| want.hold == Hold::Open && !manifest.fixture).collect();
    let locked: usize = found.locks.iter().map(|lock| lock.what.packages.len()).sum();
    let twice = duplicates(&found.locks);
    facts.figure("manifests_and_lockfiles", found.files(), "names of tracked files outside vendored directories");
    facts.figure("declared_dependencies", outside, DECLARED);
    facts.figure("open_requirements", open.len(), DECLARED);
    facts.figure("locked_packages", locked, LOCKED);
    facts.figure("packages_in_several_versions", twice.len(), LOCKED);
    facts.figure("licence_files", found.licences.len(), "names of tracked files outside vendored directories");
    let licence = licence(found);
    let declared = declared_licences(found).into_iter().next();
    match (licence, declared) {
        (Some(licence), _) => facts.figure("licence", licence, LICENCE),
        (None, Some(declared)) => facts.figure(
            "licence",
            show(declared.as_bytes()),
            "declared in a tracked manifest; there is no licence text that is known",
        ),
        (None, None) => {}
    }
    found.left_out.iter().for_each(|sentence| facts.left_out(sentence.as_str()));
    for ecosystem in found.seen.iter().map(|seen| seen.what).collect::<BTreeSet<_>>() {
        facts.left_out(format!(
            "{ecosystem} manifests were recognised, but only their own tool can list their dependencies."
        ));
    }
    if locked > 0 {
        facts.left_out("Known vulnerabilities were not looked up: that needs the network.");
    }
    remarks(&mut facts, found, &open, &twice);
    licence_remarks(&mut facts, found, licence);
    lists(&mut facts, found, &open, &twice);
    facts.finish(format!(
        "{} in {}, {} locked; licence: {}.",
        count(outside as u64, "declared dependency", "declared dependencies"),
        count(found.manifests.len() as u64, "manifest", "manifests"),
        count(locked as u64, "package", "packages"),
        licence.or(declared).unwrap_or("not recognised"),
    ))
}

/// The licence at the top, or the only one there is.
fn licence(found: &Found) -> Option<&'static str> {
    let known = |top: bool| {
        found.licences.iter().filter(move |(path, _)| !top || !path.contains('/')).find_map(|(_, licence)| *licence)
    };
    known(true).or_else(|| known(false))
}

/// What manifests outside tests declare.
fn declared_licences(found: &Found) -> BTreeSet<&str> {
    found.manifests.iter().filter(|one| !one.fixture).filter_map(|one| one.what.licence.as_deref()).collect()
}

/// Packages a lock file holds in more than one version: (lock file, name, versions).
fn duplicates(locks: &[Placed<Lock>]) -> Vec<(&str, &str, BTreeSet<&str>)> {
    let mut all = Vec::new();
    for lock in locks.iter().filter(|lock| lock.what.ecosystem != "Go") {
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, version) in &lock.what.packages {
            versions.entry(name).or_default().insert(version);
        }
        all.extend(
            versions
                .into_iter()
                .filter(|(_, versions)| versions.len() > 1)
                .map(|(name, versions)| (lock.path.as_str(), name, versions)),
        );
    }
    all
}

fn remarks<M>(facts: &mut Facts, found: &Found, open: &[&(&Placed<M>, &Want)], twice: &[(&str, &str, BTreeSet<&str>)]) {
    for broken in &found.broken {
        let severity = if broken.fixture { Severity::Info } else { Severity::High };
        facts.finding(
            severity,
            format!("{} cannot be read", broken.path),
            format!("{}.", show(broken.what.as_bytes())),
            DECLARED,
        );
    }
    if let Some((manifest, want)) = open.first() {
        let asked = if want.requirement.is_empty() {
            "no version at all".into()
        } else {
            format!("“{}”", show(want.requirement.as_bytes()))
        };
        let title =
            format!("{} any future version", count(open.len() as u64, "requirement takes", "requirements take"));
        let detail = format!(
            "First: {} in {} asks for {asked}. A release nobody has tried may come in.",
            show(want.name.as_bytes()),
            manifest.path
        );
        facts.finding(if found.locks.is_empty() { Severity::Medium } else { Severity::Low }, title, detail, DECLARED);
    }
    let unlocked: Vec<&str> = found
        .manifests
        .iter()
        .filter(|manifest| needs_lock(manifest, &found.locks))
        .map(|one| one.path.as_str())
        .collect();
    if let Some(first) = unlocked.first() {
        let title = format!(
            "{} no lock file",
            count(unlocked.len() as u64, "manifest with dependencies has", "manifests with dependencies have")
        );
        let detail = format!("First: {first}. Without one, two builds of the same commit may use different versions.");
        facts.finding(Severity::Low, title, detail, "tracked lock files in the same or a higher directory");
    }
    if let Some((path, name, versions)) = twice.first() {
        let title = format!("{} locked in several versions", count(twice.len() as u64, "package is", "packages are"));
        let versions = versions.iter().copied().collect::<Vec<_>>().join(", ");
        facts.finding(
            Severity::Info,
            title,
            format!("First: {name} in {path} ({versions}). Each is built and shipped."),
            LOCKED,
        );
    }
    if found.tracked_node_modules > 0 {
        let title = format!("{} of node_modules tracked", count(found.tracked_node_modules, "file is", "files are"));
        facts.finding(
            Severity::Medium,
            title,
            "Installed packages belong into .gitignore; the lock file holds their versions.",
            "git ls-files",
        );
    }
}

/// Whether a manifest asks for versions that nothing holds. Go holds them itself; exact ones need no lock file.
fn needs_lock(manifest: &Placed<super::manifest::Manifest>, locks: &[Placed<Lock>]) -> bool {
    let loose = manifest.what.wants.iter().any(|want| matches!(want.hold, Hold::Bounded | Hold::Open));
    let dir = manifest.path.rsplit_once('/').map_or("", |(dir, _)| dir);
    let holds = |lock: &&Placed<Lock>| {
        let above = lock.path.rsplit_once('/').map_or("", |(dir, _)| dir);
        lock.what.ecosystem == manifest.what.ecosystem
            && (above.is_empty() || dir == above || dir.starts_with(&format!("{above}/")))
    };
    loose && !manifest.fixture && manifest.what.ecosystem != "Go" && locks.iter().find(holds).is_none()
}

fn licence_remarks(facts: &mut Facts, found: &Found, licence: Option<&str>) {
    let declared = declared_licences(found);
    if found.nothing_tracked {
        return;
    }
    if found.licences.is_empty() && declared.is_empty() {
        let detail = "Without one nobody else may use, change or pass on this work. Add a LICENSE file.";
        facts.finding(Severity::Medium, "There is no licence", detail, LICENCE);
    } else if found.licences.is_empty() {
        let names = declared.iter().copied().collect::<Vec<_>>().join(", ");
        let detail =
            format!("The manifests declare {}; most licences ask that their text comes along.", show(names.as_bytes()));
        facts.finding(Severity::Low, "There is no licence file", detail, LICENCE);
    }
    if let Some(licence) = licence {
        // A project under two licences names both in its manifests and has a file for each.
        let files: BTreeSet<&str> = found.licences.iter().filter_map(|(_, licence)| *licence).collect();
        let others: Vec<&str> =
            declared.iter().copied().filter(|text| !files.iter().any(|file| text.contains(file))).collect();
        if let Some(other) = others.first() {
            let detail = format!("The licence file is {licence}, but a manifest declares {}.", show(other.as_bytes()));
            facts.finding(Severity::Medium, "Licence file and manifest disagree", detail, LICENCE);
        }
    }
    let strict: Vec<&String> = found
        .locks
        .iter()
        .flat_map(|lock| &lock.what.licences)
        .filter(|licence| COPYLEFT.iter().any(|word| licence.contains(word)) && !licence.contains(" OR "))
        .collect();
    if let Some(first) = strict.first() {
        let title = format!(
            "{} under a copyleft licence",
            count(strict.len() as u64, "locked package is", "locked packages are")
        );
        facts.finding(
            Severity::Low,
            title,
            format!("First: {}. Check what it asks of you.", show(first.as_bytes())),
            LOCKED,
        );
    }
}

fn lists<M>(facts: &mut Facts, found: &Found, open: &[&(&Placed<M>, &Want)], twice: &[(&str, &str, BTreeSet<&str>)]) {
    let manifest = |one: &Placed<super::manifest::Manifest>| {
        let about = &one.what;
        json!({"path": one.path, "ecosystem": about.ecosystem, "name": about.name, "licence": about.licence, "dependencies": about.wants.len(), "fixture": one.fixture})
    };
    facts.detail("manifests", found.manifests.iter().take(NAMED_MAX).map(manifest).collect::<Value>());
    let lock = |one: &Placed<Lock>| json!({"path": one.path, "ecosystem": one.what.ecosystem, "packages": one.what.packages.len()});
    facts.detail("lockfiles", found.locks.iter().take(NAMED_MAX).map(lock).collect::<Value>());
    let row = |(manifest, want): &&(&Placed<M>, &Want)| {
        let text = |text: &str| show(text.as_bytes());
        json!({"path": manifest.path, "name": text(&want.name), "requirement": text(&want.requirement), "section": want.section, "hold": want.hold.word()})
    };
    facts.detail("open", open.iter().take(NAMED_MAX).map(row).collect::<Value>());
    let row = |(path, name, versions): &(&str, &str, BTreeSet<&str>)| json!({"lockfile": path, "name": name, "versions": versions});
    facts.detail("several_versions", twice.iter().take(NAMED_MAX).map(row).collect::<Value>());
    let row = |(path, licence): &(String, Option<&str>)| json!({"path": path, "licence": licence});
    facts.detail("licence_texts", found.licences.iter().take(NAMED_MAX).map(row).collect::<Value>());
    let mut stated: BTreeMap<&str, u64> = BTreeMap::new();
    for licence in found.locks.iter().flat_map(|lock| &lock.what.licences) {
        *stated.entry(licence).or_default() += 1;
    }
    facts.detail("locked_licences", json!(stated));
}

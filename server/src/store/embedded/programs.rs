//! Where PostgreSQL's programs are, and whether they are good enough.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::store::check;

/// `initdb` and `postgres` of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Programs {
    pub(super) initdb: PathBuf,
    pub(super) postgres: PathBuf,
    pub(super) version: (u32, u32),
}

/// Environment variable that names the directory of the programs.
const VARIABLE: &str = "DEVSQUAD_PG_BIN";

impl Programs {
    /// The programs in `given`, else in `DEVSQUAD_PG_BIN`, else the newest of the usual places. A cluster that exists wants the
    /// major version it was made with.
    pub(super) fn find(given: Option<&Path>, major: Option<u32>) -> anyhow::Result<Self> {
        let named = given.map(Path::to_owned).or_else(|| std::env::var_os(VARIABLE).map(PathBuf::from));
        let found = match &named {
            Some(dir) => vec![Self::in_dir(dir).with_context(|| format!("no PostgreSQL in {}", dir.display()))?],
            None => usual_places().iter().filter_map(|dir| Self::in_dir(dir).ok()).collect(),
        };
        Self::choose(found, major)
    }

    fn choose(mut found: Vec<Self>, major: Option<u32>) -> anyhow::Result<Self> {
        if found.is_empty() {
            bail!(
                "no PostgreSQL found. Install it (Debian: apt install postgresql), name its programs' directory in {VARIABLE}, or \
                 set DATABASE_URL to use a server that runs already"
            );
        }
        // The first of equals stays first: the order of the places is an order of preference.
        found.sort_by_key(|programs| std::cmp::Reverse(programs.version));
        let versions: Vec<String> =
            found.iter().map(|programs| format!("{}.{}", programs.version.0, programs.version.1)).collect();
        let fitting = found.into_iter().find(|programs| major.is_none_or(|major| programs.version.0 == major));
        let Some(fitting) = fitting else {
            bail!(
                "the data directory was made by PostgreSQL {}, and only {} is here. Install that version, or move the data with pg_upgrade",
                major.unwrap_or_default(),
                versions.join(", ")
            );
        };
        check::judge_version(fitting.version.0, fitting.version.1, false).map_err(anyhow::Error::msg)?;
        Ok(fitting)
    }

    fn in_dir(dir: &Path) -> anyhow::Result<Self> {
        let (initdb, postgres) = (dir.join("initdb"), dir.join("postgres"));
        if !initdb.is_file() {
            bail!("{} is missing", initdb.display());
        }
        let answer = Command::new(&postgres)
            .arg("--version")
            .output()
            .with_context(|| format!("running {}", postgres.display()))?;
        let text = String::from_utf8_lossy(&answer.stdout);
        let version =
            parse_version(&text).with_context(|| format!("{} --version says {text:?}", postgres.display()))?;
        Ok(Self { initdb, postgres, version })
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` → (15, 18). Betas (`18beta1`) count as minor 0.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut parts = number.split(|c: char| !c.is_ascii_digit());
    let major = parts.next()?.parse().ok()?;
    let minor = if number.contains('.') { parts.next()?.parse().ok()? } else { 0 };
    Some((major, minor))
}

/// Directories of programs, the preferred first.
fn usual_places() -> Vec<PathBuf> {
    let mut places = Vec::new();
    for pattern in ["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
        places.extend(children(Path::new(pattern)).into_iter().map(|child| child.join("bin")));
    }
    places.extend(["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/pgsql/bin"].map(PathBuf::from));
    if let Ok(answer) = Command::new("pg_config").arg("--bindir").output() {
        places.push(PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim()));
    }
    if let Some(path) = std::env::var_os("PATH") {
        places.extend(std::env::split_paths(&path));
    }
    places.retain(|place| place.is_absolute() && place.join("postgres").is_file());
    places
}

fn children(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).map(|entries| entries.flatten().map(|entry| entry.path()).collect());
    entries.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(version: (u32, u32)) -> Programs {
        Programs { initdb: "initdb".into(), postgres: "postgres".into(), version }
    }

    #[test]
    fn versions_are_read_as_packagers_write_them() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some((15, 18)));
        assert_eq!(parse_version("postgres (PostgreSQL) 18.4"), Some((18, 4)));
        assert_eq!(parse_version("postgres (PostgreSQL) 19beta1"), Some((19, 0)));
        assert_eq!(parse_version("command not found"), None);
    }

    #[test]
    fn a_new_cluster_gets_the_newest_and_an_old_one_its_own() -> anyhow::Result<()> {
        let here = || vec![programs((15, 18)), programs((17, 9)), programs((16, 13))];
        assert_eq!(Programs::choose(here(), None)?.version, (17, 9));
        assert_eq!(Programs::choose(here(), Some(15))?.version, (15, 18));
        Ok(())
    }

    #[test]
    fn what_does_not_fit_is_refused_in_a_sentence() {
        let refusal = |found, major| Programs::choose(found, major).expect_err("refused").to_string();
        assert!(refusal(vec![], None).contains("Install it"));
        assert!(refusal(vec![programs((17, 9))], Some(15)).contains("made by PostgreSQL 15, and only 17.9 is here"));
        assert!(refusal(vec![programs((15, 13))], None).contains("15.14 or newer is needed"));
    }
}

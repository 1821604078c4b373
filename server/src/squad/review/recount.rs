//! Every figure's second way.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::{grep, second};
use crate::squad::blob::BLOB_BYTES_MAX;
use crate::squad::dependencies::{is_counted, is_licence_file};
use crate::squad::failure::Failure;
use crate::squad::git::Repository;
use crate::squad::history::{EXAMINED_COMMITS_MAX, bus_factor};
use crate::squad::inventory::COUNTED_BYTES_MAX;
use crate::squad::language::{self, Sort};
use crate::squad::lease::{Lease, Purpose};
use crate::squad::structure::{LARGE_FILE_BYTES, LONG_FILE_LINES};
use crate::squad::todos::MARKERS;
use crate::squad::voice::Voice;
use crate::squad::{TASK_TYPES, name, work};

/// A figure's value, how it was found, and whether it was counted in the repository (rather than compared).
type Answer = (Value, String, bool);

/// What the reviewer has counted so far.
pub struct Recounts<'a> {
    repository: &'a Repository,
    needs: &'a [Value],
    input: &'a Map<String, Value>,
    files: Option<Vec<second::File>>,
    lines: HashMap<Vec<u8>, u64>,
    authors: Vec<u64>,
    contents: HashMap<String, Vec<u8>>,
    done_again: BTreeMap<String, Value>,
}

impl<'a> Recounts<'a> {
    /// Reads what most figures need. The last of `needs` is the result under review itself; `input` is its task's.
    pub fn new(
        repository: &'a Repository,
        needs: &'a [Value],
        input: &'a Map<String, Value>,
        voice: &mut Voice<'_>,
    ) -> Result<Self, Failure> {
        let (files, lines, authors) =
            (second::files(repository)?, grep::lines(repository, &[""], false)?, second::authors(repository)?);
        let (contents, done_again) = (HashMap::new(), BTreeMap::new());
        let mut recounts = Self { repository, needs, input, files, lines, authors, contents, done_again };
        // What was handed in about another commit says nothing about this one.
        let stale = needs
            .iter()
            .filter(|output| output["head"] != json!(repository.head))
            .filter_map(|output| output["kind"].as_str());
        for kind in stale {
            recounts.done_again(kind, voice)?;
        }
        Ok(recounts)
    }

    /// The second look at one figure.
    pub fn figure(&mut self, name: &str, reported: &Value, voice: &mut Voice<'_>) -> Result<Answer, Failure> {
        if let Some((value, how)) = self.counted(name)? {
            return Ok((value, how.to_owned(), true));
        }
        let before = &self.needs[..self.needs.len() - 1];
        let told = before.iter().find(|output| output["figures"].get(name).is_some());
        let kind = told
            .or_else(|| self.needs.last())
            .and_then(|output| output["kind"].as_str())
            .unwrap_or_default()
            .to_owned();
        let known = !self.done_again.contains_key(&kind);
        if told.is_some_and(|output| known && output["figures"][name] == *reported) {
            return Ok((reported.clone(), "what the task before handed in".to_owned(), false));
        }
        // Reported otherwise than handed in, or by the task itself: the same work is done again.
        Ok((self.done_again(&kind, voice)?["figures"][name].clone(), format!("{kind} done again"), true))
    }

    fn counted(&mut self, name: &str) -> Result<Option<(Value, &'static str)>, Failure> {
        Ok(match name {
            "tracked_files" => Some((json!(second::listed(self.repository)?), "git ls-files | wc -l")),
            "commits" => Some((json!(self.authors.iter().sum::<u64>()), "sum of git shortlog -sn HEAD")),
            "authors" => Some((json!(self.authors.len()), "git shortlog -sn HEAD | wc -l")),
            "bus_factor" => Some((json!(bus_factor(self.authors.clone())), "from git shortlog -sn HEAD")),
            "active_months" | "first_commit" | "last_commit" => self.dates(name)?,
            "hottest_file_commits" => self.hottest()?,
            "todo_lines" | "todo_files" => self.todos(name)?,
            "likely_secrets" => self.secrets()?,
            "locked_packages" => self.locked()?,
            "checks_passed" | "checks_failed" | "checks_not_run" | "files_checked" | "tests_run" => self.checks(name),
            _ => self.listed(name),
        })
    }

    /// Figures from one listing of files with sizes, and from the lines of each.
    fn listed(&self, name: &str) -> Option<(Value, &'static str)> {
        const SIZES: &str = "git ls-files --format='%(objectmode) %(objectsize) %(path)'";
        const LINES: &str = "git grep --cached -I -c ''";
        let files = self.files.as_ref()?;
        let of_mode = |mode: &str| files.iter().filter(|file| file.mode == mode).count();
        let ordinary = || files.iter().filter(|file| file.is_file());
        let lines = |file: &second::File| self.lines.get(&file.path).copied();
        let is_program =
            |file: &&second::File| language::of(&file.path).1 == Sort::Code && !language::is_generated(&file.path);
        let code = || second::read(ordinary().filter(is_program), BLOB_BYTES_MAX);
        let counted = || second::read(ordinary(), COUNTED_BYTES_MAX);
        let of_language = |wanted: &str| -> u64 {
            counted().filter(|file| language::of(&file.path).0 == wanted).filter_map(lines).sum()
        };
        Some(match name {
            "submodules" => (json!(of_mode("160000")), SIZES),
            "symlinks" => (json!(of_mode("120000")), SIZES),
            "tracked_bytes" => (json!(files.iter().filter_map(|file| file.bytes).sum::<u64>()), SIZES),
            "largest_file_bytes" => (json!(files.iter().filter_map(|file| file.bytes).max().unwrap_or(0)), SIZES),
            "large_files" => (json!(ordinary().filter(|file| file.bytes > Some(LARGE_FILE_BYTES)).count()), SIZES),
            "text_lines" => (json!(counted().filter_map(lines).sum::<u64>()), LINES),
            "binary_files" => {
                let silent = counted().filter(|file| file.bytes != Some(0) && lines(file).is_none());
                (json!(silent.count()), "files that git grep -I takes for binary")
            }
            "main_language_lines" => {
                let language = self.figure_of("repo.inventory", "main_language")?;
                (json!(of_language(language.as_str()?)), LINES)
            }
            "code_lines" => (json!(code().filter_map(lines).sum::<u64>()), LINES),
            "long_files" => (json!(code().filter_map(lines).filter(|lines| *lines > LONG_FILE_LINES).count()), LINES),
            "manifests_and_lockfiles" => (json!(ordinary().filter(|file| is_counted(&file.path)).count()), SIZES),
            "licence_files" => {
                let ours =
                    |file: &&second::File| is_licence_file(&file.path) && !name::is_under(&file.path, &name::VENDORED);
                (json!(ordinary().filter(ours).count()), SIZES)
            }
            _ => return None,
        })
    }

    fn dates(&self, name: &str) -> Result<Option<(Value, &'static str)>, Failure> {
        let day = |date: &String| date.get(..10).map(str::to_owned);
        Ok(Some(match name {
            "active_months" => {
                let months: BTreeSet<String> = second::dates(self.repository, "%ai")?
                    .iter()
                    .filter_map(|date| date.get(..7).map(str::to_owned))
                    .collect();
                (json!(months.len()), "git rev-list --format=%ai HEAD")
            }
            "first_commit" => (
                json!(second::dates(self.repository, "%ci")?.iter().filter_map(day).min()),
                "git rev-list --format=%ci HEAD",
            ),
            _ => {
                (json!(second::dates(self.repository, "%ci")?.first().and_then(day)), "git rev-list --format=%ci HEAD")
            }
        }))
    }

    /// Only a plain name of a whole history can be asked for.
    fn hottest(&self) -> Result<Option<(Value, &'static str)>, Failure> {
        let examined =
            self.output("repo.history").and_then(|output| output["examined_commits"].as_u64()).unwrap_or(u64::MAX);
        let path = self
            .figure_of("repo.history", "hottest_file")
            .and_then(Value::as_str)
            .filter(|path| !path.contains(['\\', '…']));
        match path.filter(|_| examined < EXAMINED_COMMITS_MAX as u64) {
            Some(path) => Ok(Some((
                json!(second::commits_of(self.repository, path)?),
                "git rev-list --count --no-merges HEAD -- PATH",
            ))),
            None => Ok(None),
        }
    }

    fn todos(&self, name: &str) -> Result<Option<(Value, &'static str)>, Failure> {
        let Some(files) = &self.files else { return Ok(None) };
        let found = grep::lines(self.repository, &MARKERS, true)?;
        let read = second::read(files.iter().filter(|file| file.is_file()), BLOB_BYTES_MAX);
        let counts: Vec<u64> = read.filter_map(|file| found.get(&file.path).copied()).collect();
        let value = if name == "todo_lines" { json!(counts.iter().sum::<u64>()) } else { json!(counts.len()) };
        Ok(Some((value, "git grep --cached -I -c -w -e TODO -e FIXME -e HACK -e XXX")))
    }

    /// Every named place must hold what its excerpt begins with.
    fn secrets(&mut self) -> Result<Option<(Value, &'static str)>, Failure> {
        let Some(output) = self.output("repo.secrets") else { return Ok(None) };
        let named = output["secrets"].as_array().cloned().unwrap_or_default();
        if output["figures"]["likely_secrets"].as_u64() != Some(named.len() as u64) {
            return Ok(None);
        }
        let mut held = 0;
        for secret in &named {
            let (Some(path), Some(line), Some(excerpt)) =
                (secret["path"].as_str(), secret["line"].as_u64(), secret["excerpt"].as_str())
            else {
                continue;
            };
            let content = second::content(self.repository, path, &mut self.contents)?;
            let line =
                content.split(|byte| *byte == b'\n').nth(usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1));
            let start = excerpt.split('…').next().unwrap_or_default().rsplit(" = ").next().unwrap_or_default();
            let odd = start.contains('\\') || path.contains('\\');
            held += u64::from(
                odd || line.is_some_and(|line| line.windows(start.len().max(1)).any(|part| part == start.as_bytes())),
            );
        }
        Ok(Some((json!(held), "each named line read again with git cat-file")))
    }

    /// Lock files are counted by their lines instead of being parsed.
    fn locked(&mut self) -> Result<Option<(Value, &'static str)>, Failure> {
        let Some(output) = self.output("repo.dependencies") else { return Ok(None) };
        let locks = output["lockfiles"].as_array().cloned().unwrap_or_default();
        let told: u64 = locks.iter().filter_map(|lock| lock["packages"].as_u64()).sum();
        if output["figures"]["locked_packages"].as_u64() != Some(told) {
            return Ok(None);
        }
        let mut packages = 0;
        for lock in &locks {
            let path = lock["path"].as_str().unwrap_or_default();
            let handed = lock["packages"].as_u64().unwrap_or(0);
            let by_tables = ["Cargo.lock", "poetry.lock", "uv.lock"].iter().any(|end| path.ends_with(end));
            packages += if by_tables && !path.contains('\\') {
                let content = second::content(self.repository, path, &mut self.contents)?;
                content.split(|byte| *byte == b'\n').filter(|line| line.trim_ascii() == b"[[package]]").count() as u64
            } else {
                handed
            };
        }
        Ok(Some((json!(packages), "lines [[package]] in the lock files; other lock files as handed in")))
    }

    fn checks(&self, name: &str) -> Option<(Value, &'static str)> {
        let checks = self.output("repo.checks")?["checks"].as_array()?;
        let with = |status: &str| checks.iter().filter(|check| check["status"] == status).count() as u64;
        let sum = |field: &str| checks.iter().filter_map(|check| check[field].as_u64()).sum::<u64>();
        let value = match name {
            "checks_passed" => with("passed"),
            "checks_failed" => with("failed"),
            "checks_not_run" => with("not_run"),
            "files_checked" => sum("files"),
            _ => sum("tests"),
        };
        Some((json!(value), "the list of checks that was handed in"))
    }

    /// The output of a kind: done again if it was, else handed in.
    fn output(&self, kind: &str) -> Option<&Value> {
        self.done_again.get(kind).or_else(|| self.needs.iter().find(|output| output["kind"] == kind))
    }

    fn figure_of(&self, kind: &str, name: &str) -> Option<&Value> {
        // What the report itself says comes first: that is what is checked.
        let said = self.needs.last().and_then(|output| output["figures"].get(name));
        said.or_else(|| self.output(kind)?["figures"].get(name))
    }

    fn done_again(&mut self, kind: &str, voice: &mut Voice<'_>) -> Result<Value, Failure> {
        if let Some(known) = self.done_again.get(kind) {
            return Ok(known.clone());
        }
        // A report cannot be written again here: it needs the others.
        let output = if kind == "repo.report" || !TASK_TYPES.iter().any(|(known, _)| *known == kind) {
            Value::Null
        } else {
            let input = self.input.clone();
            let lease = Lease {
                kind: kind.to_owned(),
                purpose: Purpose::Work,
                input,
                needs: BTreeMap::new(),
                artifact_dir: None,
                feedback: Vec::new(),
            };
            work(&lease, voice)?
        };
        self.done_again.insert(kind.to_owned(), output.clone());
        Ok(output)
    }
}

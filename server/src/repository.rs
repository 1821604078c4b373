//! Whether a path is a git repository, asked before any work on it begins.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use devsquad::Refusal;
use devsquad::workflow::template::Template;
use serde_json::Value;
use tokio::process::Command as Program;
use tokio::time::timeout;

/// How long git may take to say whether a directory is a repository. A network drive that sleeps takes seconds to wake.
const GIT_WAIT_MAX: Duration = Duration::from_secs(10);

/// Refuses values of `directory` parameters that are no git repository on this machine.
pub async fn check(template: &Template, values: &BTreeMap<String, Value>) -> Result<(), Refusal> {
    for parameter in template.parameters.iter().filter(|parameter| parameter.format.as_deref() == Some("directory")) {
        if let Some(Value::String(path)) = values.get(&parameter.name) {
            let pointer = format!("/parameters/{}", parameter.name);
            repository(path).await.map_err(|why| Refusal::fault(pointer, why))?;
        }
    }
    Ok(())
}

/// Whether a path leads to a git repository on this machine. The error is a sentence for who typed it.
async fn repository(path: &str) -> Result<(), String> {
    if path.contains('\0') {
        return Err("contains a character no path can have".to_owned());
    }
    let directory = Path::new(path);
    if !directory.is_absolute() {
        return Err("must be a full path, such as /home/you/project".to_owned());
    }
    match tokio::fs::metadata(directory).await {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(format!("“{path}” is a file; the directory of a git repository is needed")),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(format!("the server may not read “{path}”"));
        }
        Err(_) => return Err(format!("there is no directory “{path}” on the server's machine")),
    }
    let mut git = Program::new("git");
    git.arg("-C").arg(directory).args(["rev-parse", "--git-dir"]);
    // A repository must not decide what runs when it is merely looked at.
    git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0");
    git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    match timeout(GIT_WAIT_MAX, git.output()).await {
        Err(_) => Err(format!("git did not answer about “{path}” within {} seconds", GIT_WAIT_MAX.as_secs())),
        Ok(Err(_)) => Err("git is not installed on the server's machine".to_owned()),
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) if String::from_utf8_lossy(&output.stderr).contains("dubious ownership") => {
            Err(format!("“{path}” belongs to another user; git refuses it until its owner runs the server"))
        }
        Ok(Ok(_)) => Err(format!("“{path}” is no git repository; run `git init` there first")),
    }
}

#[cfg(test)]
mod tests {
    use super::repository;

    #[tokio::test]
    async fn a_path_is_refused_in_words_that_help() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().to_str().expect("text");
        assert!(repository(path).await.expect_err("no repository").contains("git init"));
        assert!(repository("relative/path").await.expect_err("relative").contains("full path"));
        assert!(repository(&format!("{path}/nowhere")).await.expect_err("missing").contains("no directory"));
        let file = home.path().join("file");
        std::fs::write(&file, "").expect("written");
        assert!(repository(file.to_str().expect("text")).await.expect_err("a file").contains("is a file"));
        assert!(std::process::Command::new("git").args(["init", "-q", path]).status().expect("git").success());
        assert_eq!(repository(path).await, Ok(()));
    }
}

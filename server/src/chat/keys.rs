//! The keys of an application: given by an operator, or made once into the data directory.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// Bytes of chance in a secret that we make: as many as the signature has.
const SECRET_BYTES: usize = 32;
/// Bytes of chance in a key that we make. It is no secret; it only has to be another one than others'.
const KEY_BYTES: usize = 9;

/// A key and its secret. The secret never shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Which application.
    pub api_key: String,
    api_secret: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("api_key", &self.api_key).finish_non_exhaustive()
    }
}

impl Keys {
    /// Keys that somebody gave.
    pub fn given(api_key: impl Into<String>, api_secret: impl Into<String>) -> Self {
        Self { api_key: api_key.into(), api_secret: api_secret.into() }
    }

    /// Fresh ones.
    pub fn fresh() -> Self {
        let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; SECRET_BYTES]>());
        Self::given(URL_SAFE_NO_PAD.encode(rand::random::<[u8; KEY_BYTES]>()), secret)
    }

    /// The secret itself, to sign with.
    pub fn secret(&self) -> &str {
        &self.api_secret
    }

    /// Those in a data directory (`chat.json`, readable by its owner only), made if there are none.
    pub fn of_data_dir(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join("chat.json");
        std::fs::create_dir_all(dir).context("making the data directory")?;
        if let Some(keys) = read(&path)? {
            return Ok(keys);
        }
        // Written whole under another name first. The link fails if another process was faster: then its keys count.
        let fresh = dir.join(format!("chat.json.{}", std::process::id()));
        let _ = std::fs::remove_file(&fresh);
        let mut file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec(&Self::fresh())?)?;
        file.sync_all()?;
        let _ = std::fs::hard_link(&fresh, &path);
        std::fs::remove_file(&fresh)?;
        read(&path)?.with_context(|| format!("{} cannot be written", path.display()))
    }
}

fn read(path: &Path) -> anyhow::Result<Option<Keys>> {
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .with_context(|| format!("{} does not hold the chat's keys", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn keys_are_made_once_and_for_their_owner_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let made = Keys::of_data_dir(dir.path()).expect("keys");
        assert_eq!(Keys::of_data_dir(dir.path()).expect("the same"), made);
        let mode = std::fs::metadata(dir.path().join("chat.json")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).expect("files").count(), 1);
        assert!(!format!("{made:?}").contains(made.secret()));
        assert_eq!(made.secret().len(), 43);
    }
}

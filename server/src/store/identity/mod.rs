//! Who somebody is: sessions, sign-in links, people, invitations and bearer tokens.
//!
//! What is asked before a tenant is known goes through the functions of `migrations/0007_lookups.sql`, as `devsquad_worker`; the
//! rest is read and written within the tenant. Of every secret only the SHA-256 reaches the database.

pub mod organizations;
pub mod people;
pub mod sessions;
pub mod tokens;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// Bytes of chance in a secret.
const SECRET_BYTES: usize = 32;
/// The longest text that is looked up at all: our secrets are shorter.
const SECRET_CHARS_MAX: usize = 100;

/// A secret handed out once: a session's cookie, a link's token. It never shows in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A fresh one of 256 bits.
    pub fn fresh() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; SECRET_BYTES]>()))
    }

    /// What somebody sent, if it can be one of ours at all.
    pub fn given(text: &str) -> Option<Self> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        (!text.is_empty() && text.len() <= SECRET_CHARS_MAX && text.bytes().all(fits)).then(|| Self(text.to_owned()))
    }

    /// The secret itself, for the one it is handed to.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A value of the database this program does not know: written by a newer version, or by hand.
fn unknown(noun: &'static str, value: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unknown {noun} “{value}”").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_256_bits_and_never_shows() {
        let secret = Secret::fresh();
        assert_eq!(secret.reveal().len(), 43);
        assert_ne!(secret, Secret::fresh());
        assert!(!format!("{secret:?}").contains(secret.reveal()));
        assert_eq!(Secret::given(secret.reveal()).map(|same| same.hash()), Some(secret.hash()));
    }

    #[test]
    fn what_cannot_be_a_secret_is_not_looked_up() {
        for text in ["", "a b", "ä", "a\0", &"a".repeat(101)] {
            assert_eq!(Secret::given(text), None, "{text:?}");
        }
    }
}

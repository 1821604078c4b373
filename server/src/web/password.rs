//! Passwords: hashed with argon2id, a few at a time; what is too easily guessed is refused.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Memory of one hash in KiB, rounds, lanes (OWASP's first choice for argon2id).
const MEMORY_KIB: u32 = 19_456;
const ROUNDS: u32 = 2;
const LANES: u32 = 1;
/// Hashes at a time: each takes 19 MiB and a core; more would let a crowd at the door stop everything else.
const HASHES_AT_ONCE_MAX: usize = 2;
/// How long a caller waits for its turn.
const TURN_WAIT_MAX: Duration = Duration::from_secs(5);
/// Characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Bytes of a password: long sentences fit, megabytes do not.
pub const PASSWORD_BYTES_MAX: usize = 512;

/// Too many are at the door.
#[derive(Debug, thiserror::Error)]
#[error("too many passwords are being checked now")]
pub struct Busy;

/// Hashes passwords, a few at a time. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX)) }
    }
}

impl Passwords {
    /// The hash of a password, as a PHC string.
    pub async fn hash(&self, password: String) -> Result<String, Busy> {
        self.turn(move || hash(&password)).await?.ok_or(Busy)
    }

    /// Whether the password fits the hash. Without a hash it takes as long, and does not fit.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Busy> {
        self.turn(move || {
            let fits = verify(&password, hash.as_deref().unwrap_or_else(|| nobody()));
            fits && hash.is_some()
        })
        .await
    }

    async fn turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let turn =
            timeout(TURN_WAIT_MAX, self.turns.clone().acquire_owned()).await.map_err(|_| Busy)?.map_err(|_| Busy)?;
        let work = move || {
            let done = work();
            drop(turn); // even if the caller has gone meanwhile, not before the work is done
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Busy)
    }
}

fn argon2() -> Option<Argon2<'static>> {
    Params::new(MEMORY_KIB, ROUNDS, LANES, None)
        .ok()
        .map(|params| Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Option<String> {
    argon2()?.hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}

fn verify(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    argon2().is_some_and(|argon2| argon2.verify_password(password.as_bytes(), &hash).is_ok())
}

/// The hash of nobody's password, with the same cost as everybody's.
fn nobody() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash("nobody's").unwrap_or_default())
}

/// What is wrong with a new password, as a sentence; `known` are words an attacker would try first (name, address).
pub fn fault(password: &str, known: &[&str]) -> Option<&'static str> {
    if password.chars().count() < PASSWORD_CHARS_MIN {
        return Some("The password needs at least 12 characters. A short sentence is easy to remember.");
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Some("The password is too long: 512 bytes are the most.");
    }
    is_common(password, known)
        .then_some("This password is among the first that are tried. Choose one nobody would guess.")
}

/// Words that the lists of leaked passwords are made of. One of 12 characters or more that is in such a list is one or two of these, a
/// run of keys, or a short thing repeated, with digits and signs around it.
const WORDS: &str = "abc abcd abcdef access account admin administrator alexander amanda andrea angel apple april arsenal asdf asdfgh \
    asdfghjkl august autumn baby babygirl banana barcelona baseball basketball batman beautiful blink brandon bubbles butterfly changeme \
    changeit charlie cheese chelsea chocolate computer cookie correct battery horse staple daniel december default demo devsquad dragon \
    elizabeth facebook family february flower football forever friend friends fuckyou gemini google guest hello heaven helloworld \
    hunter iloveyou iloveu internet invitado january jennifer jessica jesus jordan july june killer letmein linkedin liverpool \
    london login lovely loveme love lover manager manchester march master matrix me michael michelle microsoft monday monkey mother \
    music mustang my myspace naruto new nicole november october orchestrator owner pass passw passwd password passphrase patrick pepper \
    pikachu pizza please pokemon princess private purple qazwsx qwe qwer qwert qwerty qwertyuiop qwertz azerty root samsung \
    samantha secret security september server service shadow soccer spiderman spring squad starwars startrek summer sunday sunshine \
    superman superuser support sweet system temp test testing thomas tigger tinkerbell trustno unknown user username vibe victoria \
    weather welcome whatever william windows winter wizard yankees you your zaq zxcvbn zxcvbnm";
/// Keys as they lie side by side.
const RUNS: [&str; 6] = [
    "01234567890123456789",
    "98765432109876543210",
    "qwertyuiopasdfghjklzxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "zyxwvutsrqponmlkjihgfedcba",
];

fn is_common(password: &str, known: &[&str]) -> bool {
    let lower = password.to_lowercase();
    if is_repeated(&lower) || RUNS.iter().any(|run| covers(run, &lower)) {
        return true;
    }
    // Signs around the word are decoration; signs within it stand for letters.
    let plain: String = lower.trim_matches(|c: char| !c.is_alphabetic()).chars().map(unleet).collect();
    [lower.as_str(), plain.as_str()].into_iter().any(|text| {
        let letters: String = text.chars().filter(|c| c.is_alphabetic()).collect();
        let words = WORDS.split_whitespace().chain(known.iter().copied()).map(str::to_lowercase);
        let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
        is_made_of(&letters, &words, 2)
    })
}

/// Letters for the signs that stand for them.
fn unleet(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Whether it is something of at most five characters, again and again.
fn is_repeated(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=5).any(|period| chars.iter().zip(chars.iter().skip(period)).all(|(a, b)| a == b))
}

/// Whether it is pieces of a run, each of three keys or more.
fn covers(run: &str, text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let longest = (3..=rest.len()).rev().find(|n| rest.get(..*n).is_some_and(|piece| run.contains(piece)));
        match longest.and_then(|n| rest.get(n..)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

/// Whether it is at most that many of the words, one after the other (none, for digits and signs alone).
fn is_made_of(text: &str, words: &[String], most: usize) -> bool {
    text.is_empty()
        || (most > 0
            && words
                .iter()
                .any(|word| text.strip_prefix(word.as_str()).is_some_and(|rest| is_made_of(rest, words, most - 1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("a sentence to remember".to_owned()).await.expect("a turn");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("a sentence to remember".to_owned(), Some(hash.clone())).await.expect("a turn"));
        assert!(!passwords.verify("a sentence to forget".to_owned(), Some(hash)).await.expect("a turn"));
        assert!(!passwords.verify("nobody's".to_owned(), None).await.expect("a turn"));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for common in [
            "password1234",
            "Password123!",
            "P@ssw0rd2024",
            "123456789012",
            "qwertyuiop12",
            "1qaz2wsx3edc",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "iloveyou1234",
            "welcome12345",
            "letmein12345",
            "admin@123456",
            "Devsquad2026",
            "NoraNoraNora",
            "nora-password1",
        ] {
            assert!(fault(common, &["nora", "example"]).is_some(), "{common}");
        }
        assert!(fault("short", &[]).is_some());
        assert!(fault(&"x1y2".repeat(200), &[]).is_some());
    }

    #[test]
    fn a_sentence_is_welcome() {
        for good in ["purple tractors hum at dawn", "Tr0ub4dor&3 runs", "каждый охотник желает", "vK9#mQ2!xZ7p"]
        {
            assert_eq!(fault(good, &["nora"]), None, "{good}");
        }
    }
}

//! Whether a text looks like it was made by chance rather than by a person.

/// Shannon entropy in bits per byte.
pub fn bits(text: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let length = text.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

/// Least entropy of a secret of this length: random text of few letters cannot reach the bits of a long one.
/// 3.5 bits at 16 bytes and above lets random base64 and most random hexadecimal through and stops words.
const BITS_MIN: f64 = 3.5;
/// Random hexadecimal has at most 4 bits; a little less is asked for.
const HEX_BITS_MIN: f64 = 3.0;
/// Fewer changes between kinds of letters than one in six are words with numbers after them.
const BYTES_PER_CHANGE_MAX: usize = 6;
/// From this many small letters in a row, with a vowel among them, on it may be a word.
const WORD_BYTES_MIN: usize = 4;

/// Whether `text` looks random: enough entropy, digits and letters mixed, and not words joined by signs.
pub fn looks_random(text: &[u8]) -> bool {
    let has = |test: fn(&u8) -> bool| text.iter().any(test);
    if !has(u8::is_ascii_digit) || !has(u8::is_ascii_alphabetic) {
        return false;
    }
    let is_hex = text.iter().all(u8::is_ascii_hexdigit);
    if bits(text) < if is_hex { HEX_BITS_MIN } else { BITS_MIN } {
        return false;
    }
    let changes = text.windows(2).filter(|pair| kind(pair[0]) != kind(pair[1])).count();
    let is_word = |run: &&[u8]| run.len() >= WORD_BYTES_MIN && run.iter().any(|byte| b"aeiouy".contains(byte));
    let in_words: usize = text.split(|byte| !byte.is_ascii_lowercase()).filter(is_word).map(<[u8]>::len).sum();
    changes * BYTES_PER_CHANGE_MAX >= text.len() && in_words * 2 <= text.len()
}

fn kind(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::looks_random;

    #[test]
    fn chance_is_told_from_words() {
        for text in ["v8#Kq2!zPw91xRt7Lm", "9f86d081884c7d659a2feaa0c55ad015", "dGhpcyBpcyBub3QgYSB3b3JkNDI3"] {
            assert!(looks_random(text.as_bytes()), "{text}");
        }
        for text in [
            "user_password_confirmation",
            "correct-horse-battery-staple-1",
            "aaaaaaaaaaaaaaaa1",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert!(!looks_random(text.as_bytes()), "{text}");
        }
    }
}

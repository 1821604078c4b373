//! What is offered while one writes: names behind an `@`, commands behind a `/` at the beginning.
#![cfg_attr(not(any(feature = "hydrate", test)), expect(dead_code, reason = "the page the server draws stands still"))]

use devsquad::messaging::slash_command::OFFERS;
use devsquad::view::chat::ChatUser;

/// Lines offered at a time.
const OFFERED_MAX: usize = 8;

/// One line that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What stands in the field afterwards, from where the word begins.
    pub puts: String,
    /// What is shown.
    pub name: String,
    /// What it means.
    pub means: String,
}

/// The word before the cursor, if something can be offered for it: where it begins (in bytes), and what fits.
pub fn offered(text: &str, cursor: usize, people: &[ChatUser]) -> Option<(usize, Vec<Suggestion>)> {
    let before = text.get(..cursor)?;
    if let Some(word) = before.strip_prefix('/').filter(|word| !word.contains(char::is_whitespace)) {
        let word = word.to_lowercase();
        let fits = OFFERS.iter().filter(|offer| offer.name.starts_with(&word));
        let line = |offer: &devsquad::messaging::slash_command::Offer| Suggestion {
            puts: format!("/{} ", offer.name),
            name: format!("/{} {}", offer.name, offer.arguments).trim_end().to_owned(),
            means: offer.does.to_owned(),
        };
        return some(0, fits.map(line).collect());
    }
    let at = before.rfind('@')?;
    let begins = before[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
    let word = before[at + 1..].to_lowercase();
    if !begins || word.contains('\n') {
        return None;
    }
    let fits = people.iter().filter(|user| user.name.to_lowercase().starts_with(&word));
    let line = |user: &ChatUser| Suggestion {
        puts: format!("@{} ", user.name),
        name: user.name.clone(),
        means: if user.is_agent() { "Agent".to_owned() } else { "Person".to_owned() },
    };
    some(at, fits.take(OFFERED_MAX).map(line).collect())
}

fn some(at: usize, lines: Vec<Suggestion>) -> Option<(usize, Vec<Suggestion>)> {
    (!lines.is_empty()).then_some((at, lines))
}

/// A place in a text as browsers count (UTF-16), in bytes.
pub fn bytes_at(text: &str, units: usize) -> usize {
    let mut left = units;
    for (at, c) in text.char_indices() {
        if left == 0 {
            return at;
        }
        left = left.saturating_sub(c.len_utf16());
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let user = |id: &str, name: &str| ChatUser { id: id.into(), name: name.into(), presence: String::new() };
        let people = [user("agent-1", "Ada Lovelace"), user("person-1", "Nora")];
        let offered = offered(text, text.len(), &people);
        offered.map(|(_, lines)| lines.into_iter().map(|line| line.puts).collect()).unwrap_or_default()
    }

    #[test]
    fn people_are_offered_behind_an_at_sign_and_commands_behind_a_slash_at_the_beginning() {
        assert_eq!(names("ask @ad"), ["@Ada Lovelace "]);
        assert_eq!(names("@"), ["@Ada Lovelace ", "@Nora "]);
        assert_eq!(names("nora@ad"), [""; 0]);
        assert_eq!(names("/pa"), ["/pause "]);
        assert!(names("see /pa").is_empty() && names("/pause now").is_empty());
        assert!(names("/").len() > 8);
    }

    #[test]
    fn browsers_count_in_units_of_two_bytes() {
        assert_eq!(
            [bytes_at("aé😀b", 0), bytes_at("aé😀b", 2), bytes_at("aé😀b", 4), bytes_at("aé😀b", 9)],
            [0, 3, 7, 8]
        );
    }
}

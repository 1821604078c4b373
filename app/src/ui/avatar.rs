//! A face for a name: its initials on a colour that stays the same wherever the name stands.

use leptos::prelude::*;

/// Fills whose text is legible on them in both themes.
const FILLS: [&str; 5] = ["chip-run", "chip-review", "chip-ready", "chip-done", "chip-wait"];

/// Initials in a disc, for eyes only: the name stands beside it.
#[component]
pub fn Avatar(
    /// Whose.
    #[prop(into)]
    name: String,
    /// Its size.
    #[prop(default = "size-10 text-sm")]
    class: &'static str,
) -> impl IntoView {
    let fill = FILLS
        [name.bytes().fold(7usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte))) % FILLS.len()];
    view! {
        <span aria-hidden="true" class=format!("grid shrink-0 place-items-center rounded-full font-semibold uppercase select-none {class} {fill}")>
            {initials(&name)}
        </span>
    }
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name.split(|c: char| !c.is_alphanumeric()).filter_map(|word| word.chars().next());
    words.next().into_iter().chain(words.next_back()).collect()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_the_first_letters_of_the_first_and_the_last_word() {
        assert_eq!(initials("Ada"), "A");
        assert_eq!(initials("Grace Brewster Hopper"), "GH");
        assert_eq!(initials("rust-reviewer"), "rr");
        assert_eq!(initials("—"), "");
    }
}

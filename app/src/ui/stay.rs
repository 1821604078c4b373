//! Links that change the address without jumping to the top of the page.

use leptos::attr::Attribute;
use leptos::attr::custom::custom_attribute;

/// Spread into a link whose page stays where it is scrolled: `<a href=… {..stay()}>`.
pub fn stay() -> impl Attribute {
    custom_attribute("noscroll", "")
}

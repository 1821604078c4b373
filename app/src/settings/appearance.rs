//! How the pages look.

use leptos::prelude::*;

use crate::shell::ThemeSwitch;
use crate::ui::*;

/// The theme, and what the browser already decides.
#[component]
pub fn AppearancePage() -> impl IntoView {
    view! {
        <PageTitle title="Appearance" subtitle="Kept in this browser."/>
        <div class="flex max-w-3xl flex-col gap-4">
            <Card title="Theme" id="theme">
                <ThemeSwitch/>
                <p class="mt-3 text-sm text-ink-3">"System follows the setting of your computer or phone."</p>
            </Card>
            <Card title="Motion and contrast" id="motion">
                <p class="max-w-prose text-sm text-ink-2">
                    "Motion, transparency and forced colours follow your system: where it asks for less motion, nothing turns or slides here. Every status has a shape and a word beside its colour."
                </p>
            </Card>
        </div>
    }
}

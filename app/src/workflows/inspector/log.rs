//! What the agent wrote while it worked.

use devsquad::view::{LogLine, TaskDetail};
use leptos::prelude::*;

use crate::ui::*;

/// The newest lines of the newest attempt.
#[component]
pub fn Log(
    /// The task.
    detail: Now<TaskDetail>,
) -> impl IntoView {
    let lines = memo(move |_| detail.seen(|detail| detail.log.clone()));
    view! {
        <Only when=move || lines.seen(|lines| !lines.is_empty())>
            <section aria-labelledby="log-title">
                <h3 id="log-title" class="panel-title">"Log"</h3>
                <div role="region" aria-labelledby="log-title" tabindex="0" class="code-block max-h-80 overflow-y-auto focus-vibe">
                    <Rows items=lines key=|line: &LogLine| line.line_no let:line>
                        <div class="flex gap-3">
                            <span class="w-8 shrink-0 text-right text-ink-3 select-none" aria-hidden="true">{line.get_untracked().line_no}</span>
                            <span class="min-w-0 break-words whitespace-pre-wrap">{part(move || line.get().line)}</span>
                        </div>
                    </Rows>
                </div>
            </section>
        </Only>
    }
    .into_any()
}

//! Tables that stay tables for those who listen, and become cards on a phone.

use leptos::prelude::*;

/// A table: `<Table caption="Agents" columns=vec!["Name", "Skills"]>` around `<tr>`s of [`Cell`]s. On a phone every row is
/// a card, and each cell says its column.
#[component]
pub fn Table(
    /// What it lists; read aloud, not shown.
    #[prop(into)]
    caption: String,
    /// The headings.
    columns: Vec<&'static str>,
    /// The rows.
    children: Children,
) -> impl IntoView {
    view! {
        <table role="table" class="data-table w-full text-left text-sm">
            <caption class="sr-only">{caption}</caption>
            <thead role="rowgroup">
                <tr role="row">
                    {columns.into_iter().map(|name| view! { <th role="columnheader" scope="col">{name}</th> }).collect_view()}
                </tr>
            </thead>
            <tbody role="rowgroup">{children()}</tbody>
        </table>
    }
}

/// One cell; `label` repeats the column's heading for the phone. On the phone the `head` of a row stands above the rest,
/// without a label.
#[component]
pub fn Cell(
    /// The column's heading.
    label: &'static str,
    /// Whether it is what the row is about.
    #[prop(optional)]
    head: bool,
    /// Added to its classes.
    #[prop(optional, into)]
    class: String,
    /// Its content.
    children: Children,
) -> impl IntoView {
    view! {
        <td role="cell" class=if head { format!("cell-head {class}") } else { class }>
            {(!head).then(|| view! { <span class="cell-label" aria-hidden="true">{label}</span> })}
            {children()}
        </td>
    }
}

//! Every channel there is: what it is for, who is in it, what it belongs to; those whose work is over apart.

use devsquad::view::chat::{CHANNELS_PER_PAGE, ChannelPage as Listed, ChannelSummary};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::api::load_channels;
use super::channel_href;
use super::line::{purpose_glyph, purpose_words};
use crate::ui::*;
use crate::workflows::run_href;
use crate::workflows::status::workflow_look;

/// The directory of channels.
#[component]
pub fn ChannelsPage() -> impl IntoView {
    let query = use_query_map();
    let wanted = memo(move |_| {
        query.seen(|query| {
            let page = query.get("page").and_then(|page| page.parse::<u32>().ok()).unwrap_or(1);
            (query.get("over").is_some(), query.get("name").unwrap_or_default(), page.saturating_sub(1))
        })
    });
    let channels =
        Resource::new_blocking(move || wanted.get(), |(over, name, page)| load_channels(Some(over), name, page));
    let over = memo(move |_| wanted.get().0);
    let switch = move |is_over: bool, href: &'static str, words: &'static str| {
        view! { <a href=href class="segment focus-vibe" aria-current=shared(move || (over.get() == is_over).then_some("page"))>{words}</a> }
    };
    view! {
        <BackLink href="/communication" words="Chat".to_owned()/>
        <PageTitle title="Channels" subtitle="Channels follow the work: a workflow makes its own when it begins, and keeps it when it is over."/>
        <div class="mb-4 flex flex-wrap items-end gap-3">
            <nav aria-label="Which channels" class="segments">
                {switch(false, "/communication/channels", "Going on")}
                {switch(true, "/communication/channels?over=1", "Archived")}
            </nav>
            <form method="get" action="/communication/channels" role="search" class="flex grow gap-2 sm:max-w-md">
                {part(move || over.get().then(|| view! { <input type="hidden" name="over" value="1"/> }))}
                <label for="channel-name" class="sr-only">"Find a channel by its name"</label>
                <input id="channel-name" name="name" type="search" autocomplete="off" placeholder="Find a channel" value=wanted.get_untracked().1 class="control focus-vibe"/>
                <button type="submit" class=button_class(Look::Plain)>"Find"</button>
            </form>
        </div>
        <GlassCard>
            <Loaded resource=channels what="the channels" let:page>
                <Directory page wanted/>
            </Loaded>
        </GlassCard>
    }
}

#[component]
fn Directory(page: Now<Listed>, wanted: Now<(bool, String, u32)>) -> impl IntoView {
    let channels = memo(move |_| page.seen(|page| page.channels.clone()));
    let trouble = memo(move |_| page.seen(|page| page.trouble.clone()));
    view! {
        {part(move || trouble.get().map(|trouble| view! { <div class="mb-3"><Notice>{trouble}</Notice></div> }))}
        <Only
            when=move || !channels.seen(Vec::is_empty)
            fallback=move || view! { <EmptyState glyph=Glyph::Chat title="No channel is here" text="No channel has that name, or none is of this kind yet."/> }
        >
            <Table caption="Channels" columns=vec!["Channel", "For", "Members", "Belongs to", "Last message"]>
                <Rows items=channels key=|channel: &ChannelSummary| channel.id.clone() let:channel>
                    <Line channel/>
                </Rows>
            </Table>
        </Only>
        {part(move || pages(page.seen(|page| page.total), &wanted.get()))}
    }
    .into_any()
}

#[component]
fn Line(channel: Now<ChannelSummary>) -> impl IntoView {
    let ChannelSummary { id, purpose, name, workflow, active_at, .. } = channel.get_untracked();
    let belongs = match workflow {
        Some((workflow, status)) => {
            let (shape, tone, word) = workflow_look(status);
            view! {
                <a href=run_href(workflow) class="link">"The workflow"</a>
                " "
                <span class=tone.chip()><ShapeIcon shape/>{word}</span>
            }
            .into_any()
        }
        None if purpose == "direct" => "You and the agent".into_any(),
        None => "The whole squad".into_any(),
    };
    let (glyph, words) = (purpose_glyph(&purpose), purpose_words(&purpose));
    view! {
        <tr role="row">
            <Cell label="Channel" head=true>
                <a href=channel_href(&id) class="link inline-flex min-w-0 items-center gap-2 font-medium">
                    <Icon glyph class="size-4 shrink-0"/>
                    <span class="min-w-0 break-words">{name}</span>
                </a>
            </Cell>
            <Cell label="For">{words}</Cell>
            <Cell label="Members" class="tabular-nums">{part(move || channel.seen(|channel| channel.members.to_string()))}</Cell>
            <Cell label="Belongs to"><span class="inline-flex flex-wrap items-center gap-2">{belongs}</span></Cell>
            <Cell label="Last message">{active_at.map(|at| view! { <RelativeTime at=at/> })}</Cell>
        </tr>
    }
    .into_any()
}

/// Links to the pages before and after.
fn pages(total: u32, (over, name, page): &(bool, String, u32)) -> Option<AnyView> {
    let last = total.saturating_sub(1) / CHANNELS_PER_PAGE;
    if last == 0 {
        return None;
    }
    let name: String = name.chars().filter(|c| !matches!(c, '&' | '#' | '%' | '+' | '"')).collect();
    let href =
        |to: u32| format!("/communication/channels?{}name={name}&page={}", if *over { "over=1&" } else { "" }, to + 1);
    let before =
        (*page > 0).then(|| view! { <LinkButton href=href(page - 1) glyph=Glyph::ChevronLeft>"Before"</LinkButton> });
    let after = (*page < last)
        .then(|| view! { <LinkButton href=href(page + 1) glyph=Glyph::ChevronRight>"After"</LinkButton> });
    Some(
        view! {
            <nav aria-label="Pages" class="mt-4 flex flex-wrap items-center gap-3 text-sm text-ink-3">
                {before}
                <span class="tabular-nums">{format!("Page {} of {}", page + 1, last + 1)}</span>
                {after}
            </nav>
        }
        .into_any(),
    )
}

//! Who belongs to the organization.

use devsquad::Role;
use leptos::prelude::*;

use super::api::load_people;
use super::invitations::Invitations;
use super::password::Password;
use super::{role_name, role_words};
use crate::live::use_live;
use crate::people::PersonView;
use crate::session::use_session;
use crate::ui::*;

/// Members, and invitations for those who may see them.
#[component]
pub fn PeoplePage() -> impl IntoView {
    let live = use_live();
    let people = Resource::new_blocking(move || live.revision().get(), |_| load_people());
    let session = use_session();
    let subtitle = derived(move || {
        session
            .get()
            .map(|session| format!("Who belongs to {}, and what each may do.", session.organization))
            .unwrap_or_default()
    });
    view! {
        <PageTitle title="People" subtitle/>
        <Loaded resource=people what="the people" let:view>
            <div class="grid items-start gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
                <Card title="Members" id="members">
                    <Members people=derived(move || view.seen(|view| view.people.clone()))/>
                </Card>
                <div class="flex flex-col gap-4">
                    {untrack(|| session.may(Role::Admin)).then(|| view! {
                        <Invitations
                            invitations=derived(move || view.seen(|view| view.invitations.clone().unwrap_or_default()))
                            on_invited=Callback::new(move |()| people.refetch())
                        />
                    })}
                    <Card title="Roles" id="roles"><Roles/></Card>
                    <Password here="/settings/people"/>
                </div>
            </div>
        </Loaded>
    }
}

#[component]
fn Members(people: Now<Vec<PersonView>>) -> impl IntoView {
    view! {
        <Table caption="Members" columns=vec!["Name", "Role", "Last signed in"]>
            <Rows items=people key=|person: &PersonView| person.id let:person>
                <Member person/>
            </Rows>
        </Table>
    }
}

#[component]
fn Member(person: Now<PersonView>) -> impl IntoView {
    let session = use_session();
    let is_me = move || session.get().is_some_and(|session| person.seen(|person| person.id == session.user));
    let last_seen = move || person.seen(|person| person.last_seen_at);
    view! {
        <tr role="row">
            <Cell label="Name" class="min-w-0">
                <span class="flex min-w-0 items-center gap-3">
                    <Avatar name=person.get_untracked().name class="size-9 text-sm"/>
                    <span class="min-w-0">
                        <span class="block truncate font-medium text-ink">
                            {part(move || person.seen(|person| person.name.clone()))}
                            {part(move || is_me().then_some(" (you)"))}
                        </span>
                        <span class="block break-all text-ink-3">{part(move || person.seen(|person| person.email.clone()))}</span>
                    </span>
                </span>
            </Cell>
            <Cell label="Role">{part(move || role_name(person.seen(|person| person.role)))}</Cell>
            <Cell label="Last signed in" class="text-ink-3">
                {part(move || match last_seen() {
                    Some(at) => view! { <RelativeTime at=at/> }.into_any(),
                    None => view! { "Never" }.into_any(),
                })}
            </Cell>
        </tr>
    }
}

/// What each role may do; each holds the rights of those before it.
#[component]
fn Roles() -> impl IntoView {
    let line = |role: Role| {
        view! {
            <div>
                <dt class="text-sm font-medium text-ink">{role_name(role)}</dt>
                <dd class="text-sm text-ink-3">{role_words(role)}</dd>
            </div>
        }
    };
    view! { <dl class="flex flex-col gap-3">{Role::ALL.map(line).collect_view()}</dl> }
}

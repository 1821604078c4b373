//! Inviting people.

use devsquad::Role;
use leptos::prelude::*;

use super::api::{FORM, Invite, NewInvitation};
use super::role_name;
use crate::people::InvitationView;
use crate::ui::*;

/// The fields that show their own faults.
const FIELDS: [&str; 2] = ["email", "role"];
/// What an invitation can give; there is no second owner.
const ROLES: [Role; 4] = [Role::Viewer, Role::Operator, Role::Reviewer, Role::Admin];

/// The form, the link it gave, and the invitations that are open.
#[component]
pub fn Invitations(
    /// Those that are open.
    invitations: Now<Vec<InvitationView>>,
    /// Told after each invitation.
    on_invited: Callback<()>,
) -> impl IntoView {
    let form = Form::new::<Invite>(FORM);
    let failure = derived(move || form.failure());
    let error = move |field: &'static str| derived(move || field_fault(failure.get().as_ref(), field));
    effect(move || {
        if let Some(Ok(_)) = form.answer() {
            focus_soon(vec!["invited".to_owned()]);
            on_invited.run(());
        }
    });
    let choices = ROLES.map(|role| Choice::new(role.as_str(), role_name(role))).to_vec();
    view! {
        <Card title="Invite somebody" id="invite">
            <div class="flex flex-col gap-5">
                {part(move || form.done().map(|invitation| view! { <Invited invitation/> }))}
                <PostForm form=form attr:novalidate=true>
                    <div class="flex flex-col gap-4">
                        <FormFaults failure fields=FIELDS.map(str::to_owned).to_vec() title="Nobody was invited"/>
                        <TextInput
                            name="email"
                            label="E-mail"
                            kind="email"
                            value=form.given("email").unwrap_or_default()
                            error=error("email")
                            autocomplete="off"
                        />
                        <Select name="role" label="Role" choices selected=form.given("role").unwrap_or_else(|| "operator".to_owned())/>
                        <div><SubmitButton pending=derived(move || form.pending())>"Make a link"</SubmitButton></div>
                    </div>
                </PostForm>
                <Open invitations/>
            </div>
        </Card>
    }
}

/// The link, which is shown this once.
#[component]
fn Invited(invitation: NewInvitation) -> impl IntoView {
    let NewInvitation { email, role, link } = invitation;
    view! {
        <div class="flex flex-col gap-2 rounded-lg border border-line bg-emerald-500/12 p-4">
            <h3 id="invited" tabindex="-1" class="rounded-sm font-semibold break-words text-ink focus-vibe">{format!("A link for {email}")}</h3>
            <p class="text-sm text-ink-2">{format!("Send it to them yourself. It makes one account with the role {}.", role.as_str())}</p>
            <CopyText text=link label="the link"/>
            <p class="text-sm font-medium text-warn">"This is the only time it is shown."</p>
        </div>
    }
}

#[component]
fn Open(invitations: Now<Vec<InvitationView>>) -> impl IntoView {
    let line = |invitation: InvitationView| {
        view! {
            <li class="flex flex-wrap justify-between gap-x-4 gap-y-1 py-2 text-sm">
                <span class="min-w-0 break-all text-ink">{invitation.email}</span>
                <span class="text-ink-3">{role_name(invitation.role)} ", ends " <RelativeTime at=invitation.expires_at/></span>
            </li>
        }
    };
    view! {
        <Only when=move || !invitations.seen(Vec::is_empty)>
            <div>
                <h3 class="text-sm font-semibold text-ink">"Open invitations"</h3>
                <ul class="divide-y divide-line">{part(move || invitations.get().into_iter().map(line).collect_view())}</ul>
            </div>
        </Only>
    }
}

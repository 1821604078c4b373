//! The kit every page is built from. It knows no word of the domain.
//!
//! How to use it: `use crate::ui::*;` in a page. A page is one [`PageTitle`] (the only `h1`; it takes the focus after a
//! navigation and names the document) followed by [`Card`]s. Waiting is a [`Skeleton`] in a `Transition`, failing is an
//! [`ErrorPanel`], having nothing is an [`EmptyState`]. Anything can be added to a kit component with `attr:` and `on:`
//! (`<Button on:click=… attr:aria-label="…">`): it lands on its outermost element.
//!
//! Rules that hold everywhere: colours by their semantic names only (`text-ink`, `bg-surface`, `border-line` …, see
//! `style/tailwind.css`); no `style=` (the content security policy refuses it in what the server renders); a picture is an
//! [`Icon`], never a glyph of a font; never colour alone.

mod announcer;
mod avatar;
mod back_link;
mod button;
mod card;
mod chip;
mod clock;
mod copy;
mod dialog;
mod empty;
mod error_panel;
mod escape;
mod faults;
mod field;
pub mod flash;
#[cfg(feature = "ssr")]
mod flash_cookie;
mod focus;
mod form;
mod icon;
mod lean;
mod loaded;
#[cfg(feature = "ssr")]
mod markdown;
mod now;
mod part;
mod progress;
#[cfg(feature = "hydrate")]
mod promise;
mod prose;
mod shape;
mod skeleton;
mod stat;
mod stay;
mod table;
mod time;
mod title;
mod toast;

pub use announcer::{Announcer, AnnouncerOutlet, use_announcer};
pub use avatar::Avatar;
pub use back_link::BackLink;
pub use button::{Button, LinkButton, Look, SubmitButton, button_class};
pub use card::{Card, GlassCard};
pub use chip::{Chip, StatusChip, Tone};
pub use clock::{provide_clock, use_now};
pub use copy::{CopyText, copy};
#[cfg(feature = "hydrate")]
pub use dialog::dialog_is_open;
pub use dialog::{Dialog, DialogButton};
pub use empty::EmptyState;
pub use error_panel::{ErrorPanel, Notice};
pub use escape::on_escape;
pub use faults::{FormFaults, field_fault};
pub use field::{Checkbox, Choice, Select, TextInput, Textarea};
pub use focus::{focus_soon, recover_focus};
#[cfg(feature = "hydrate")]
pub use focus::{is_nowhere, watch_focus};
pub use form::{Form, PostForm};
pub use icon::{Glyph, Icon};
pub use lean::{Seen, SeenOnce, effect};
pub use loaded::{LoadFailed, Loaded, Rows, when_there};
#[cfg(feature = "ssr")]
pub use markdown::html_of;
pub use now::{Now, derived, memo};
pub use part::{Only, Shared, part, shared};
pub use progress::{Bar, ProgressRing};
#[cfg(feature = "hydrate")]
pub use promise::when_settled;
pub use prose::Prose;
pub use shape::{Shape, ShapeIcon};
pub use skeleton::Skeleton;
pub use stat::{Stat, Stats};
pub use stay::stay;
pub use table::{Cell, Table};
pub use time::{RelativeTime, elapsed, moment, relative};
pub use title::{PageTitle, TITLE, provide_focus};
pub use toast::{ToastOutlet, Toasts, use_toasts};

//! The run as a drawing: nodes that are real links, in the order work flows, on one svg. It scrolls like any page, so
//! that touch, wheel and keyboard all work before a line of script has run.

mod edge;
mod keys;
mod legend;
mod node;
mod view_port;

use devsquad::view::TaskView;
use devsquad::workflow::layout::{Direction, Layout, Sizes, layout, longest_chain};
use devsquad::workflow::task::TaskStatus;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::Run;
use super::places::Places;
use crate::ui::*;
use crate::workflows::counted;
use crate::workflows::status::{needs_attention, task_look};
use edge::Edge;
use legend::Legend;
use node::{Node, node_id};
use view_port::{Toolbar, ViewPort};

/// A node and the space around it, in px at natural size.
const SIZES: Sizes = Sizes { width: 208.0, height: 68.0, between_ranks: 56.0, between_nodes: 20.0, margin: 20.0 };
/// In a narrow window two nodes stand side by side.
const SIZES_DOWN: Sizes = Sizes { width: 168.0, between_ranks: 40.0, between_nodes: 16.0, margin: 12.0, ..SIZES };
/// Above this many nodes nothing is animated.
const LIVELY_MAX: usize = 150;

fn sizes(direction: Direction) -> Sizes {
    match direction {
        Direction::Right => SIZES,
        Direction::Down => SIZES_DOWN,
    }
}

/// What the parts of the drawing share.
#[derive(Clone, Copy)]
struct Drawing {
    run: Run,
    places: Places,
    direction: RwSignal<Direction>,
    layout: Now<Layout>,
    needs: StoredValue<Vec<Vec<u32>>>,
    critical: StoredValue<Vec<u32>>,
    /// The node that the Tab key reaches.
    current: RwSignal<u32>,
}

impl Drawing {
    fn new(run: Run, places: Places) -> Drawing {
        let needs = run.needs();
        let direction = RwSignal::new(Direction::Right);
        let critical = longest_chain(&needs);
        let needs = StoredValue::new(needs);
        let layout = memo(move |_| needs.with_value(|needs| layout(needs, direction.get(), sizes(direction.get()))));
        let first = layout.seen_once(|layout| layout.rows.first().and_then(|row| row.first()).copied().unwrap_or(0));
        Drawing {
            run,
            places,
            direction,
            layout,
            needs,
            critical: StoredValue::new(critical),
            current: RwSignal::new(first),
        }
    }

    /// How wide and how high it would be, drawn that way.
    fn measures(self, direction: Direction) -> (f64, f64) {
        if direction == self.direction.get_untracked() {
            return self.layout.seen_once(|layout| (layout.width, layout.height));
        }
        let drawn = self.needs.with_value(|needs| layout(needs, direction, sizes(direction)));
        (drawn.width, drawn.height)
    }

    fn is_critical(self, from: u32, to: u32) -> bool {
        self.critical.with_value(|chain| chain.windows(2).any(|pair| pair == [from, to]))
    }

    /// Nodes a person should look at, in the order work flows.
    fn attention(self) -> Vec<u32> {
        let tasks = self.run.tasks();
        let wanted =
            |at: &u32| tasks.get(*at as usize).is_some_and(|task| task.seen_once(|task| needs_attention(task.status)));
        self.layout.seen_once(|layout| layout.rows.iter().flatten().copied().filter(wanted).collect())
    }

    fn focus(self, at: u32) {
        self.current.set(at);
        if let Some(task) = self.run.tasks().get(at as usize) {
            focus_soon(vec![node_id(task.seen_once(|task| task.id))]);
        }
    }

    /// Moves the focus when the key means that; returns whether it did.
    fn moved(self, event: &KeyboardEvent) -> bool {
        let Some(step) = keys::step(&event.key(), self.direction.get_untracked()) else { return false };
        let attention = self.attention();
        let to = self.layout.seen_once(|layout| {
            self.critical
                .with_value(|critical| keys::target(layout, self.current.get_untracked(), step, critical, &attention))
        });
        if let Some(to) = to {
            self.focus(to);
        }
        true
    }
}

/// The drawing with its toolbar.
#[component]
pub fn Graph(
    /// The run.
    run: Run,
    /// Where one is.
    places: Places,
) -> impl IntoView {
    let drawing = Drawing::new(run, places);
    let port = ViewPort::new(drawing);
    let name = memo(move |_| name(run));
    let calm = run.len() > LIVELY_MAX;
    follow(drawing, port);
    let order: Vec<u32> = drawing.layout.seen_once(|layout| layout.rows.concat());
    let edges = drawing.layout.seen_once(|layout| layout.edges.len());
    view! {
        <section aria-label="Graph" class="glass relative min-w-0 overflow-hidden">
            <div
                node_ref=port.node
                role="group"
                aria-label=shared(move || name.get())
                aria-describedby="graph-help"
                class=if calm { "graph calm" } else { "graph" }
                on:keydown=move |event| {
                    if !has_modifier(&event) && (drawing.moved(&event) || port.zoomed(&event.key())) {
                        event.prevent_default();
                    }
                }
                on:wheel=move |event| port.wheel(&event)
                on:pointerdown=move |event| port.grab(&event)
                on:pointermove=move |event| port.drag(&event)
                on:pointerup=move |_| port.release()
                on:pointercancel=move |_| port.release()
            >
                <svg
                    role="presentation"
                    width=shared(move || port.width())
                    height=shared(move || port.height())
                    viewBox=shared(move || port.view_box())
                    preserveAspectRatio="xMidYMid meet"
                    class="block"
                >
                    <defs>
                        <pattern id="dots" width="20" height="20" patternUnits="userSpaceOnUse">
                            <circle cx="1" cy="1" r="1" class="graph-dot"></circle>
                        </pattern>
                        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
                            <path d="M0 0L8 4L0 8Z" class="graph-arrow"></path>
                        </marker>
                    </defs>
                    <g aria-hidden="true">
                        {(0..edges).map(|nth| view! { <Edge drawing nth/> }).collect_view()}
                    </g>
                    {order.into_iter().map(|at| view! { <Node drawing at/> }).collect_view()}
                </svg>
            </div>
            <p id="graph-help" class="sr-only">
                "Arrow keys follow the work from task to task, Home and End go to the first and the last, n to the next that needs attention, Enter opens one. The List view shows the same as a table."
            </p>
            <Toolbar drawing port/>
            <Legend/>
        </section>
    }
    .into_any()
}

/// The node of the task that is open is the one Tab reaches, and in sight; where none is open, the one where something
/// happens is.
fn follow(drawing: Drawing, port: ViewPort) {
    Effect::new(move |first: Option<()>| {
        let tasks = drawing.run.tasks();
        let at = |wanted: &dyn Fn(&TaskView) -> bool| {
            let found = tasks.iter().position(|task| task.seen_once(wanted));
            found.and_then(|at| u32::try_from(at).ok())
        };
        let open = drawing.places.task().get().and_then(|open| at(&|task| task.id == open));
        if let Some(open) = open {
            drawing.current.set(open);
        }
        let busy =
            || at(&|task| needs_attention(task.status)).or_else(|| at(&|task| task.status == TaskStatus::Running));
        port.show(open.or_else(|| if first.is_none() { busy() } else { None }));
    });
}

fn has_modifier(event: &KeyboardEvent) -> bool {
    event.ctrl_key() || event.meta_key() || event.alt_key()
}

/// "Workflow graph, 14 tasks: 3 running, 11 waiting".
fn name(run: Run) -> String {
    let counts = run.summary.seen(|summary| summary.counts.clone());
    let words: Vec<String> = counts
        .into_iter()
        .map(|(status, n): (TaskStatus, u32)| format!("{n} {}", task_look(status).2.to_lowercase()))
        .collect();
    format!("Workflow graph, {}: {}", counted(run.len(), "task"), words.join(", "))
}

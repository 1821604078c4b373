//! The window onto the drawing: zoom, fit, and dragging it about. Scrolling is the browser's own.

use devsquad::workflow::layout::{Direction, Layout};
use leptos::ev::{PointerEvent, WheelEvent};
use leptos::html;
use leptos::prelude::*;
use leptos::web_sys::{Element, HtmlDivElement};

use super::{Drawing, sizes};
use crate::ui::*;
use crate::workflows::status::needs_attention;

const ZOOM_MIN: f64 = 0.2;
const ZOOM_MAX: f64 = 2.0;
/// One press of a button.
const ZOOM_STEP: f64 = 1.2;
/// A drawing that would have to be shrunk below this to fit is shown at `COMFORTABLE` and scrolled.
const FIT_MIN: f64 = 0.7;
const COMFORTABLE: f64 = 0.95;
/// A drawing smaller than this is not blown up to fill the window: a broad one, and one that flows down a narrow window.
const SMALLEST: (f64, f64) = (760.0, 260.0);
const SMALLEST_DOWN: (f64, f64) = (320.0, 260.0);
/// What the server takes for fitting, not knowing the window.
const LIKELY: (f64, f64) = (1_250.0, 640.0);
/// A window narrower than this is better used by a drawing that flows down.
const NARROW: i32 = 560;
/// The share of the window's height it may take, and its least and greatest height; as in `style/tailwind.css`.
const TALL: f64 = 0.72;
const TALL_PX: (f64, f64) = (352.0, 832.0);

/// The window.
#[derive(Clone, Copy)]
pub struct ViewPort {
    /// The element that scrolls.
    pub node: NodeRef<html::Div>,
    layout: Now<Layout>,
    direction: RwSignal<Direction>,
    /// How large it is drawn; nothing when it fits the window.
    zoom: RwSignal<Option<f64>>,
    grabbed: StoredValue<Option<(f64, f64)>>,
    /// Whether the person chose the zoom: then it is not chosen for them.
    by_hand: StoredValue<bool>,
}

impl ViewPort {
    /// A window onto a drawing.
    pub fn new(drawing: Drawing) -> ViewPort {
        let layout = drawing.layout;
        let fits = layout.seen_once(|layout| layout.width <= LIKELY.0 && layout.height <= LIKELY.1);
        let port = ViewPort {
            node: NodeRef::new(),
            layout,
            direction: drawing.direction,
            zoom: RwSignal::new((!fits).then_some(COMFORTABLE)),
            grabbed: StoredValue::new(None),
            by_hand: StoredValue::new(false),
        };
        effect(move || {
            port.node.track();
            port.adapt(drawing);
            let resized = window_event_listener(leptos::ev::resize, move |_| port.adapt(drawing));
            on_cleanup(move || resized.remove());
        });
        port
    }

    /// Chooses direction and size for the window as it is, unless the person has.
    fn adapt(self, drawing: Drawing) {
        let Some(window) = self.node.try_get_untracked().flatten() else { return };
        if !self.by_hand.get_value() {
            turn(drawing, &window);
            self.settle(&window);
        }
    }

    /// Fits the drawing to the window where it stays legible.
    fn settle(self, window: &HtmlDivElement) {
        if !self.by_hand.get_value() {
            let (width, height) = self.layout.seen_once(|layout| (layout.width, layout.height));
            let fits = fit_scale(window, width, height, self.direction.get_untracked()) >= FIT_MIN;
            self.zoom.set((!fits).then_some(COMFORTABLE));
        }
    }

    /// Once the window has its size, fits the drawing again and brings a node to its middle.
    pub fn show(self, at: Option<u32>) {
        request_animation_frame(move || {
            let Some(window) = self.node.try_get_untracked().flatten() else { return };
            self.settle(&window);
            let corner = at.and_then(|at| self.layout.seen_once(|layout| layout.nodes.get(at as usize).copied()));
            let (Some(corner), Some(zoom)) = (corner, self.zoom.get_untracked()) else { return };
            let node = sizes(self.direction.get_untracked());
            request_animation_frame(move || {
                window.set_scroll_left(((corner.x + node.width / 2.0) * zoom) as i32 - window.client_width() / 2);
                window.set_scroll_top(((corner.y + node.height / 2.0) * zoom) as i32 - window.client_height() / 2);
            });
        });
    }

    /// The `width` of the svg.
    pub fn width(self) -> String {
        self.measure(|layout| layout.width)
    }

    /// The `height` of the svg; nothing when its width and its proportions give it.
    pub fn height(self) -> Option<String> {
        self.zoom.get().map(|_| self.measure(|layout| layout.height))
    }

    fn measure(self, side: fn(&Layout) -> f64) -> String {
        match self.zoom.get() {
            None => "100%".to_owned(),
            Some(zoom) => self.layout.seen(|layout| (side(layout) * zoom).round()).to_string(),
        }
    }

    /// What of the drawing is in the svg.
    pub fn view_box(self) -> String {
        let (width, height) = self.layout.seen(|layout| (layout.width, layout.height));
        match self.zoom.get() {
            Some(_) => format!("0 0 {width} {height}"),
            None => {
                let least = smallest(self.direction.get());
                let (broad, high) = (width.max(least.0), height.max(least.1));
                format!("{} {} {broad} {high}", (width - broad) / 2.0, (height - high) / 2.0)
            }
        }
    }

    /// Zooms when the key means that; returns whether it did.
    pub fn zoomed(self, key: &str) -> bool {
        match key {
            "+" | "=" => self.zoom_by(ZOOM_STEP),
            "-" => self.zoom_by(1.0 / ZOOM_STEP),
            "0" => self.zoom_to(1.0),
            "f" => self.fit(),
            _ => return false,
        }
        true
    }

    /// Shows all of it.
    pub fn fit(self) {
        self.by_hand.set_value(true);
        self.zoom.set(None);
    }

    /// Larger or smaller, around the middle of the window.
    pub fn zoom_by(self, factor: f64) {
        let Some(window) = self.node.get_untracked() else { return };
        let now = self.zoom.get_untracked().unwrap_or_else(|| {
            let (width, height) = self.layout.seen_once(|layout| (layout.width, layout.height));
            fit_scale(&window, width, height, self.direction.get_untracked())
        });
        self.zoom_to(now * factor);
    }

    fn zoom_to(self, zoom: f64) {
        self.by_hand.set_value(true);
        let Some(window) = self.node.get_untracked() else { return };
        let middle = |scroll: i32, shown: i32, whole: i32| f64::from(scroll * 2 + shown) / f64::from(whole.max(1) * 2);
        let x = middle(window.scroll_left(), window.client_width(), window.scroll_width());
        let y = middle(window.scroll_top(), window.client_height(), window.scroll_height());
        self.zoom.set(Some(zoom.clamp(ZOOM_MIN, ZOOM_MAX)));
        request_animation_frame(move || {
            let back = |share: f64, shown: i32, whole: i32| (share * f64::from(whole) - f64::from(shown) / 2.0) as i32;
            window.set_scroll_left(back(x, window.client_width(), window.scroll_width()));
            window.set_scroll_top(back(y, window.client_height(), window.scroll_height()));
        });
    }

    /// Ctrl and the wheel zoom, as everywhere; the wheel alone scrolls.
    pub fn wheel(self, event: &WheelEvent) {
        if event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            self.zoom_by(if event.delta_y() < 0.0 { ZOOM_STEP } else { 1.0 / ZOOM_STEP });
        }
    }

    /// The mouse takes hold of the ground, not of a node. Fingers scroll.
    pub fn grab(self, event: &PointerEvent) {
        let on_node = event_target::<Element>(event).closest("a").ok().flatten().is_some();
        if event.pointer_type() == "mouse" && event.button() == 0 && !on_node {
            self.grabbed.set_value(Some((f64::from(event.client_x()), f64::from(event.client_y()))));
            if let Some(window) = self.node.get_untracked() {
                // Without it the drag ends at the edge of the window.
                let _ = window.set_pointer_capture(event.pointer_id());
            }
        }
    }

    /// The ground follows the mouse.
    pub fn drag(self, event: &PointerEvent) {
        let (Some((x, y)), Some(window)) = (self.grabbed.get_value(), self.node.get_untracked()) else { return };
        let (now_x, now_y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        window.set_scroll_left(window.scroll_left() - (now_x - x) as i32);
        window.set_scroll_top(window.scroll_top() - (now_y - y) as i32);
        self.grabbed.set_value(Some((now_x, now_y)));
    }

    /// It lets go.
    pub fn release(self) {
        self.grabbed.set_value(None);
    }
}

/// How far a drawing has to be shrunk to be seen whole.
fn fit_scale(element: &HtmlDivElement, width: f64, height: f64, direction: Direction) -> f64 {
    let window_height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(TALL_PX.1);
    let tall = (window_height * TALL).clamp(TALL_PX.0, TALL_PX.1);
    let least = smallest(direction);
    (f64::from(element.client_width()) / width.max(least.0)).min(tall / height.max(least.1))
}

fn smallest(direction: Direction) -> (f64, f64) {
    match direction {
        Direction::Right => SMALLEST,
        Direction::Down => SMALLEST_DOWN,
    }
}

/// In a narrow window the drawing flows down, if that is the better fit.
fn turn(drawing: Drawing, window: &HtmlDivElement) {
    let width = window.client_width();
    if width == 0 {
        return;
    }
    let scale = |direction| {
        let (width, height) = drawing.measures(direction);
        fit_scale(window, width, height, direction)
    };
    let down = width < NARROW && scale(Direction::Down) > scale(Direction::Right);
    let wanted = if down { Direction::Down } else { Direction::Right };
    if drawing.direction.get_untracked() != wanted {
        drawing.direction.set(wanted);
    }
}

/// The buttons at the corner of the drawing.
#[component]
pub fn Toolbar(drawing: Drawing, port: ViewPort) -> impl IntoView {
    let button = move |glyph: Glyph, words: &'static str, press: fn(Drawing, ViewPort)| {
        view! {
            <button type="button" class="tool focus-vibe" aria-label=words title=words on:click=move |_| press(drawing, port)>
                <Icon glyph class="size-4"/>
            </button>
        }
    };
    let attention =
        memo(move |_| drawing.run.tasks().iter().filter(|task| task.seen(|task| needs_attention(task.status))).count());
    view! {
        <div class="tools" role="group" aria-label="Drawing">
            {button(Glyph::Minus, "Zoom out", |_, port| port.zoom_by(1.0 / ZOOM_STEP))}
            {button(Glyph::Plus, "Zoom in", |_, port| port.zoom_by(ZOOM_STEP))}
            {button(Glyph::Fit, "Fit to the window", |_, port| port.fit())}
            {button(Glyph::Rotate, "Turn the drawing", |drawing, _| {
                drawing.direction.update(|now| {
                    *now = match *now {
                        Direction::Right => Direction::Down,
                        Direction::Down => Direction::Right,
                    };
                });
            })}
            <button type="button" class="tool focus-vibe" popovertarget="legend" aria-label="Legend" title="Legend"><Icon glyph=Glyph::Info class="size-4"/></button>
            <Only when=move || { attention.get() > 0 }>
                <button
                    type="button"
                    class="tool w-auto gap-1.5 px-3 text-sm font-medium text-warn focus-vibe"
                    on:click=move |_| {
                        if let Some(at) = drawing.attention().first() {
                            drawing.focus(*at);
                        }
                    }
                >
                    <ShapeIcon shape=Shape::Hand class="size-4"/>
                    <span class="tabular-nums">{part(move || attention.get())}</span>
                    <span class="max-sm:sr-only">{part(move || if attention.get() == 1 { " needs attention" } else { " need attention" })}</span>
                </button>
            </Only>
        </div>
    }
    .into_any()
}

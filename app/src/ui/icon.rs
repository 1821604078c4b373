//! Icons: our own strokes on a grid of 24, drawn inline, so that they need no font and take the colour of the text.

use leptos::prelude::*;

/// What an icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says what is drawn")]
pub enum Glyph {
    Agents,
    ArrowLeft,
    ArrowRight,
    Bolt,
    Book,
    Chat,
    Check,
    ChevronDown,
    ChevronLeft,
    ChevronRight,
    Clock,
    Copy,
    Cross,
    Download,
    Edit,
    Eye,
    File,
    Filter,
    Fit,
    Folder,
    Graph,
    Hash,
    Heart,
    Help,
    History,
    Info,
    Key,
    Keyboard,
    Link,
    List,
    Mail,
    Minus,
    Monitor,
    Moon,
    More,
    Needs,
    Overview,
    Palette,
    Paperclip,
    Party,
    Pause,
    People,
    Pin,
    Play,
    Plus,
    Quote,
    Rotate,
    Search,
    Send,
    Settings,
    Shield,
    SignOut,
    Smile,
    Sparkle,
    Stop,
    Sun,
    Terminal,
    Thread,
    ThumbDown,
    ThumbUp,
    Trash,
    User,
    Warning,
    Workflows,
}

impl Glyph {
    fn path(self) -> &'static str {
        match self {
            Glyph::Agents => {
                "M7 8h10a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2ZM12 8V4.5M12 4.5h.01M9.5 13v1M14.5 13v1M2.5 12.5v3M21.5 12.5v3"
            }
            Glyph::ArrowLeft => "M19 12H5M11 6l-6 6 6 6",
            Glyph::ArrowRight => "M5 12h14M13 6l6 6-6 6",
            Glyph::Bolt => "M13 3 5 13.5h6L10 21l9-11h-6.5L13 3Z",
            Glyph::Book => {
                "M12 6.5C10 5 7.5 4.5 4 4.5v14c3.5 0 6 .5 8 2 2-1.5 4.5-2 8-2v-14c-3.5 0-6 .5-8 2ZM12 6.500v14"
            }
            Glyph::Chat => {
                "M5.5 4.500h13A1.5 1.5 0 0 1 20 6v9a1.5 1.5 0 0 1-1.5 1.500H11L6.5 20.500v-4h-1A1.5 1.5 0 0 1 4 15V6a1.5 1.5 0 0 1 1.5-1.500ZM8 9h8M8 12.500h5"
            }
            Glyph::Check => "m5 12.5 4.5 4.500L19 7.5",
            Glyph::ChevronDown => "m6 9 6 6 6-6",
            Glyph::ChevronLeft => "m15 6-6 6 6 6",
            Glyph::ChevronRight => "m9 6 6 6-6 6",
            Glyph::Clock => "M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.500V12l3 2",
            Glyph::Copy => {
                "M9 9h9a1.5 1.5 0 0 1 1.5 1.500v8A1.5 1.5 0 0 1 18 20h-7.500A1.5 1.5 0 0 1 9 18.500V9ZM15 9V5.500A1.5 1.5 0 0 0 13.5 4H6a1.5 1.5 0 0 0-1.5 1.500v8A1.5 1.5 0 0 0 6 15h3"
            }
            Glyph::Cross => "M6 6l12 12M18 6 6 18",
            Glyph::Download => "M12 4v11M7 10.500l5 5 5-5M4.5 20h15",
            Glyph::Edit => {
                "M4 20l1-4L16.5 4.500a1.8 1.8 0 0 1 2.5 0l.5.5a1.8 1.8 0 0 1 0 2.500L8 19l-4 1ZM14.5 6.500l3 3"
            }
            Glyph::Eye => {
                "M2.5 12C5 7.5 8.3 5.5 12 5.500s7 2 9.5 6.500c-2.5 4.5-5.8 6.5-9.5 6.500S5 16.5 2.5 12ZM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z"
            }
            Glyph::File => "M6.5 3.500h7l4.5 4.500v12.500h-11.500v-17ZM13.5 3.500V8H18M9.5 13h5M9.5 16.500h5",
            Glyph::Filter => "M4 6h16M7 12h10M10 18h4",
            Glyph::Fit => {
                "M4 9V5a1 1 0 0 1 1-1h4M20 9V5a1 1 0 0 0-1-1h-4M4 15v4a1 1 0 0 0 1 1h4M20 15v4a1 1 0 0 1-1 1h-4"
            }
            Glyph::Folder => {
                "M3.5 6.500A1.5 1.5 0 0 1 5 5h4.500l2 2.500H19A1.5 1.5 0 0 1 20.5 9v8.500A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.500v-11Z"
            }
            Glyph::Graph => "M3.5 9.500h6v5h-6ZM14.5 3.500h6v5h-6ZM14.5 15.500h6v5h-6ZM9.5 12h2.500M14.5 6H12v12h2.5",
            Glyph::Hash => "M9.5 4 7.5 20M16.5 4l-2 16M4.5 9h15.500M4 15h15.5",
            Glyph::Heart => {
                "M12 20S3.5 15 3.5 9.200A4.4 4.4 0 0 1 12 7.500a4.4 4.4 0 0 1 8.5 1.700C20.5 15 12 20 12 20Z"
            }
            Glyph::Help => {
                "M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM9.7 9.500a2.4 2.4 0 1 1 3.5 2.200c-.8.4-1.2.9-1.2 1.800M12 16.500h.01"
            }
            Glyph::History => "M4 5v4h4M4.5 9A8.3 8.3 0 1 1 3.7 12M12 8v4.200l3 1.8",
            Glyph::Info => "M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 11v5M12 8h.01",
            Glyph::Key => "M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM11 12.5 19.5 4M16 7.500l2.5 2.500M13.5 10l1.5 1.5",
            Glyph::Keyboard => {
                "M4.5 6.500h15A1.5 1.5 0 0 1 21 8v8a1.5 1.5 0 0 1-1.5 1.500h-15A1.5 1.5 0 0 1 3 16V8a1.5 1.5 0 0 1 1.5-1.500ZM7 10.500h.01M10.5 10.500h.01M14 10.500h.01M17 10.500h.01M8.5 14h7"
            }
            Glyph::Link => {
                "M10 14a4 4 0 0 0 6 .4l2.8-2.800a4 4 0 0 0-5.7-5.700L12 7M14 10a4 4 0 0 0-6-.4l-2.8 2.800a4 4 0 0 0 5.7 5.700L12 17"
            }
            Glyph::List => "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
            Glyph::Mail => {
                "M4.5 5.500h15A1.5 1.5 0 0 1 21 7v10a1.5 1.5 0 0 1-1.5 1.500h-15A1.5 1.5 0 0 1 3 17V7a1.5 1.5 0 0 1 1.5-1.500ZM3.5 7l8.5 6 8.5-6"
            }
            Glyph::Minus => "M5 12h14",
            Glyph::Monitor => {
                "M4.5 4.500h15A1.5 1.5 0 0 1 21 6v9a1.5 1.5 0 0 1-1.5 1.500h-15A1.5 1.5 0 0 1 3 15V6a1.5 1.5 0 0 1 1.5-1.500ZM8.5 20h7M12 16.500V20"
            }
            Glyph::Moon => "M20 14.300A8.3 8.3 0 1 1 9.7 4a6.6 6.6 0 0 0 10.3 10.300Z",
            Glyph::More => "M5.5 12h.01M12 12h.01M18.5 12h.01",
            Glyph::Needs => {
                "M4 13.5 6.5 5.500A1.5 1.5 0 0 1 8 4.500h8a1.5 1.5 0 0 1 1.5 1L20 13.500V18a1.5 1.5 0 0 1-1.5 1.500h-13A1.5 1.5 0 0 1 4 18v-4.500ZM4 13.500h4.500l1.5 2.500h4l1.5-2.500H20"
            }
            Glyph::Overview => "M4.5 4.500h6v8h-6ZM13.5 4.500h6v4.500h-6ZM13.5 12h6v7.500h-6ZM4.5 15.500h6v4h-6Z",
            Glyph::Palette => {
                "M12 3.500a8.5 8.5 0 1 0 0 17c1.5 0 2-1 1.6-2.2-.5-1.5.4-2.8 2-2.800h2c1.9 0 2.9-1.2 2.9-3.3 0-5-3.8-8.7-8.5-8.700ZM7.5 12h.01M9.5 8h.01M14 7.500h.01"
            }
            Glyph::Paperclip => {
                "M19.5 11.500l-7.6 7.600a4.6 4.6 0 0 1-6.500-6.500l8-8a3.1 3.1 0 0 1 4.4 4.400l-7.9 7.900a1.6 1.6 0 0 1-2.200-2.200L14.500 8"
            }
            Glyph::Party => {
                "M4 20l4.500-11 6.500 6.500L4 20ZM13 8c1-1.500 1-3-.5-4.5M16 11c1.500-1 3-1 4.500.5M16.500 4.500h.01M20 7.500h.01M18 4l-3 4.500"
            }
            Glyph::Pause => "M8.5 5.500v13M15.5 5.500v13",
            Glyph::People => {
                "M9 5a3.3 3.3 0 1 0 0 6.600A3.3 3.3 0 0 0 9 5ZM2.5 19.500c.4-3.5 2.8-5.5 6.5-5.500s6.1 2 6.5 5.500M15.5 5.300a3.3 3.3 0 0 1 0 6M17.5 14.400c2.4.6 3.7 2.4 4 5.1"
            }
            Glyph::Pin => "M9 4h6M10 4v5.500L7 13v1.500h10V13l-3-3.500V4M12 14.500V20.500",
            Glyph::Play => "M7 4.500v15l12-7.500L7 4.500Z",
            Glyph::Plus => "M12 5v14M5 12h14",
            Glyph::Quote => {
                "M9.500 7.500C7 8.500 5.500 10.300 5.500 13.500V17h5v-5H8M18.500 7.500c-2.500 1-4 2.800-4 6V17h5v-5H17"
            }
            Glyph::Rotate => "M20 5v4.500h-4.500M19.5 9.500A8 8 0 1 0 20 13",
            Glyph::Search => "M11 4.500a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM16 16l4 4",
            Glyph::Send => "M4.500 11.500 20 4.500l-5 15-3.500-6.500-7-1.500ZM11.500 13 20 4.5",
            Glyph::Settings => {
                "M4 7h9M17.5 7H20M4 17h2.500M11 17h9M15.3 4.800a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.400ZM8.7 14.800a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.400Z"
            }
            Glyph::Shield => "M12 3.5 5 6v5.500c0 4.3 2.8 7.3 7 9 4.2-1.7 7-4.7 7-9V6l-7-2.500ZM9 12l2.2 2.200L15.2 10",
            Glyph::SignOut => "M10 4.500H6A1.5 1.5 0 0 0 4.5 6v12A1.5 1.5 0 0 0 6 19.500h4M10.5 12H20M16 8l4 4-4 4",
            Glyph::Smile => {
                "M12 3.500a8.5 8.5 0 1 0 0 17 8.500 8.500 0 0 0 0-17ZM8.500 14c1.700 2.300 5.300 2.300 7 0M9 9.500h.01M15 9.500h.01"
            }
            Glyph::Sparkle => {
                "M11 4l1.7 5.300L18 11l-5.3 1.700L11 18l-1.7-5.300L4 11l5.3-1.700L11 4ZM18.5 15.500l.8 2.2 2.2.8-2.2.8-.8 2.2-.8-2.2-2.2-.8 2.2-.8.8-2.200Z"
            }
            Glyph::Stop => {
                "M7 5.500h10A1.5 1.5 0 0 1 18.5 7v10a1.5 1.5 0 0 1-1.5 1.500H7A1.5 1.5 0 0 1 5.5 17V7A1.5 1.5 0 0 1 7 5.500Z"
            }
            Glyph::Sun => {
                "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2.500v2M12 19.500v2M2.5 12h2M19.5 12h2M5.3 5.300l1.4 1.400M17.3 17.300l1.4 1.400M5.3 18.700l1.4-1.400M17.3 6.700l1.4-1.4"
            }
            Glyph::Terminal => {
                "M4.5 4.500h15A1.5 1.5 0 0 1 21 6v12a1.5 1.5 0 0 1-1.5 1.500h-15A1.5 1.5 0 0 1 3 18V6a1.5 1.5 0 0 1 1.5-1.500ZM7 9.500l3 2.5-3 2.500M12.5 15h4"
            }
            Glyph::Thread => "M4 6h16M4 11h10M12 17.500h8M16 14l-4 3.500 4 3.5",
            Glyph::ThumbDown => {
                "M7.500 4.500v9M7.500 13.500l4 7a2 2 0 0 0 2-2V15h5a1.500 1.500 0 0 0 1.500-1.800l-1.400-7.300A1.500 1.500 0 0 0 17.100 4.500h-9.600M4 4.500h3.500v9H4Z"
            }
            Glyph::ThumbUp => {
                "M7.500 19.500v-9M7.500 10.500l4-7a2 2 0 0 1 2 2V9h5a1.500 1.500 0 0 1 1.500 1.800l-1.400 7.300a1.500 1.500 0 0 1-1.500 1.400h-9.600M4 10.500h3.500v9H4Z"
            }
            Glyph::Trash => "M4.5 7h15M9.5 7V4.500h5V7M6.5 7l.8 12.500h9.400L17.5 7M10.2 11v5M13.8 11v5",
            Glyph::User => {
                "M12 4.500a3.7 3.7 0 1 0 0 7.4 3.7 3.7 0 0 0 0-7.400ZM4.5 20c.5-3.7 3.3-5.7 7.5-5.700s7 2 7.5 5.7"
            }
            Glyph::Warning => "M12 4 2.8 19.500h18.400L12 4ZM12 10v4.500M12 17h.01",
            Glyph::Workflows => {
                "M5.5 3.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM18.5 9.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM5.5 15.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM8 6h3.500c2 0 2 6 4.5 6M8 18h3.500c2 0 2-6 4.5-6"
            }
        }
    }
}

/// One icon, for eyes only: the text beside it, or the `aria-label` around it, says the same.
/// `class` sets the size (`size-5` unless told) and may set a colour.
#[component]
pub fn Icon(
    /// What it shows.
    glyph: Glyph,
    /// Size and colour.
    #[prop(into, default = "size-5 shrink-0".to_owned())]
    class: String,
) -> impl IntoView {
    view! {
        <svg
            class=class
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="1.75"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            focusable="false"
        >
            <path d=glyph.path()></path>
        </svg>
    }
}

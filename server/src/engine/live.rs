//! What an organization's loop tells those who listen: the last ticks, and who wants to hear of the next ones.
//!
//! A tick is kept once, however many listen, and each of them knows how far they are. A task for each core goes through them all
//! (`spread`): a listener whose connection is free needs nothing but one write of bytes that are made once.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::{Bytes, BytesMut};
use slab::Slab;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Published;
use crate::connection::chunk;

/// Ticks a slow listener may fall behind before they have to read the journal again.
pub const TICKS_BEHIND_MAX: usize = 1_024;
/// Bytes of events they may: ticks of thousands of events are kept for seconds, and small ones for minutes.
pub const BYTES_BEHIND_MAX: usize = 8 << 20;
/// Listeners that hear of ticks before others get the processor: a write takes some ten microseconds.
const IN_ONE_GO: usize = 32;

/// Tasks that tell the listeners of one organization: others have listeners, too.
const ROWS_MAX: usize = 4;

/// Somebody who hears of ticks.
pub trait Hear: Send + Sync {
    /// These ticks are there. Called in order by a task that serves many: it must not wait.
    fn hear(&self, ticks: &Ticks);
    /// Something is there: look (`Live::after`).
    fn look(&self);
}

/// The ticks of one organization. It ends with the organization's loop.
pub struct Live {
    head: AtomicU64,
    kept: Mutex<Kept>,
    rows: Vec<Row>,
    changes: watch::Sender<u64>,
}

/// Some of the listeners: those that one task tells.
type Row = Mutex<Slab<Arc<dyn Hear>>>;

struct Kept {
    /// The position of the tick that comes next.
    next: u64,
    ticks: VecDeque<Arc<[Published]>>,
    /// Bytes of the events in them.
    bytes: usize,
    ended: bool,
}

/// What there is after a position.
pub enum After {
    /// These ticks.
    Ticks(Ticks),
    /// Nothing yet.
    Nothing,
    /// Ticks of which some are no longer kept; one can go on from here.
    Lost(u64),
    /// The organization's loop has ended, and everything it told was told.
    End,
}

/// Ticks that follow each other.
pub struct Ticks {
    /// Their positions.
    pub positions: Range<u64>,
    /// The numbers of the first and the last durable event in them, if there is one.
    pub durable: Option<(u64, u64)>,
    ticks: Vec<Arc<[Published]>>,
    whole: OnceLock<Bytes>,
    news: OnceLock<Bytes>,
}

/// One listener's place; they hear until it is dropped.
pub struct Place {
    live: Arc<Live>,
    row: usize,
    key: usize,
}

impl Live {
    /// Nothing told yet; `head` is the newest event.
    pub fn new(head: u64) -> Arc<Live> {
        Arc::new(Live {
            head: AtomicU64::new(head),
            kept: Mutex::new(Kept { next: 0, ticks: VecDeque::new(), bytes: 0, ended: false }),
            rows: (0..rows()).map(|_| Row::default()).collect(),
            changes: watch::channel(0).0,
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest durable event.
    pub fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    /// Where one who begins now begins.
    pub fn next(&self) -> u64 {
        self.kept().next
    }

    /// Changes with every tick.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// A tick was committed up to the event `head`.
    pub fn publish(&self, head: u64, tick: Arc<[Published]>) {
        self.head.store(head, Ordering::Release);
        if tick.is_empty() {
            return;
        }
        let mut kept = self.kept();
        let (next, forgotten) = kept.keep(tick);
        drop(kept);
        drop(forgotten);
        self.changes.send_replace(next);
    }

    /// Nothing will be told any more.
    pub fn end(&self) {
        self.kept().ended = true;
        self.changes.send_modify(|_| {});
    }

    /// What there is from this position on.
    pub fn after(&self, position: u64) -> After {
        let kept = self.kept();
        if position >= kept.next {
            return if kept.ended { After::End } else { After::Nothing };
        }
        let first = kept.next - kept.ticks.len() as u64;
        let Some(behind) = position.checked_sub(first).and_then(|behind| usize::try_from(behind).ok()) else {
            return After::Lost(kept.next);
        };
        After::Ticks(Ticks::new(position..kept.next, kept.ticks.iter().skip(behind).cloned().collect()))
    }

    /// Somebody hears of every tick from now on.
    pub fn join(self: &Arc<Self>, listener: Arc<dyn Hear>) -> Place {
        let row = (0..self.rows.len()).min_by_key(|row| in_row(&self.rows[*row]).len()).unwrap_or_default();
        Place { live: self.clone(), row, key: in_row(&self.rows[row]).insert(listener) }
    }

    /// Tells everybody what comes, until the end.
    pub async fn spread(self: Arc<Self>) {
        let mut spreading = JoinSet::new();
        for row in 0..self.rows.len() {
            let live = self.clone();
            spreading.spawn(async move { live.spread_to(&live.rows[row]).await });
        }
        spreading.join_all().await;
    }

    async fn spread_to(&self, row: &Row) {
        let mut changes = self.changes();
        let mut position = 0;
        loop {
            changes.mark_unchanged();
            match self.after(position) {
                After::Ticks(ticks) => {
                    position = ticks.positions.end;
                    tell(row, |listener| listener.hear(&ticks)).await;
                }
                After::Lost(next) => {
                    position = next;
                    tell(row, |listener| listener.look()).await;
                }
                After::End => return tell(row, |listener| listener.look()).await,
                After::Nothing => drop(changes.changed().await),
            }
        }
    }
}

impl Kept {
    /// Keeps a tick, however large, and of those before it what there is room for. Gives the position after it, and what is forgotten.
    fn keep(&mut self, tick: Arc<[Published]>) -> (u64, Vec<Arc<[Published]>>) {
        let bytes = |tick: &Arc<[Published]>| tick.iter().map(Published::bytes).sum::<usize>();
        self.next += 1;
        self.bytes += bytes(&tick);
        self.ticks.push_back(tick);
        let mut forgotten = Vec::new();
        while self.ticks.len() > TICKS_BEHIND_MAX || (self.bytes > BYTES_BEHIND_MAX && self.ticks.len() > 1) {
            let Some(oldest) = self.ticks.pop_front() else { break };
            self.bytes -= bytes(&oldest);
            forgotten.push(oldest);
        }
        (self.next, forgotten)
    }
}

/// As many tasks as can run at once.
fn rows() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(ROWS_MAX)
}

fn in_row(row: &Row) -> MutexGuard<'_, Slab<Arc<dyn Hear>>> {
    row.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn tell(row: &Row, tell: impl Fn(&dyn Hear)) {
    let mut from = Some(0);
    while let Some(next) = from {
        from = tell_some(row, next, &tell);
        tokio::task::yield_now().await;
    }
}

/// Tells those from this key on; gives the key of the next, if there is one. Keys stay as they are while others join and leave, so
/// that nobody is passed over.
fn tell_some(row: &Row, from: usize, tell: &impl Fn(&dyn Hear)) -> Option<usize> {
    let listeners = in_row(row);
    let until = (from + IN_ONE_GO).min(listeners.capacity());
    (from..until).filter_map(|key| listeners.get(key)).for_each(|listener| tell(&**listener));
    (until < listeners.capacity()).then_some(until)
}

impl Drop for Place {
    fn drop(&mut self) {
        let gone = in_row(&self.live.rows[self.row]).try_remove(self.key);
        drop(gone);
    }
}

impl Ticks {
    fn new(positions: Range<u64>, ticks: Vec<Arc<[Published]>>) -> Ticks {
        let numbers =
            || ticks.iter().flat_map(|tick| tick.iter()).map(|published| published.event.seq).filter(|seq| *seq > 0);
        let durable = numbers().min().zip(numbers().max());
        Ticks { positions, durable, ticks, whole: OnceLock::new(), news: OnceLock::new() }
    }

    /// Everything that happened in them.
    pub fn events(&self) -> impl Iterator<Item = &Published> {
        self.ticks.iter().flat_map(|tick| tick.iter())
    }

    /// Their whole events, as a chunk of an answer; made when the first asks.
    pub fn whole(&self) -> &Bytes {
        self.whole.get_or_init(|| together(self.events().map(Published::whole)))
    }

    /// What open pages are told of them, as a chunk of an answer; made when the first asks.
    pub fn news(&self) -> &Bytes {
        self.news.get_or_init(|| together(self.events().map(Published::news)))
    }
}

fn together(pieces: impl Iterator<Item = Bytes>) -> Bytes {
    let mut text = BytesMut::new();
    pieces.for_each(|piece| text.extend_from_slice(&piece));
    chunk(&text)
}

#[cfg(test)]
mod tests {
    use devsquad::id::{EventId, WorkflowId};
    use devsquad::{Actor, Change, Event};
    use uuid::Uuid;

    use super::*;
    use crate::clock;

    fn tick(bytes: usize) -> Arc<[Published]> {
        let event = Event {
            seq: 1,
            id: EventId(Uuid::nil()),
            at: clock::now(),
            actor: Actor::System,
            change: Change::WorkflowResumed { workflow: WorkflowId(Uuid::nil()) },
        };
        Arc::from([Published::new(event, "x".repeat(bytes))])
    }

    #[test]
    fn as_much_is_kept_as_there_is_room_for() {
        let mut kept = Kept { next: 0, ticks: VecDeque::new(), bytes: 0, ended: false };
        for _ in 0..TICKS_BEHIND_MAX {
            assert!(kept.keep(tick(1)).1.is_empty());
        }
        assert_eq!(kept.keep(tick(1)).1.len(), 1, "one too many");
        assert_eq!(kept.keep(tick(2 * BYTES_BEHIND_MAX)).1.len(), TICKS_BEHIND_MAX, "too large: alone");
        assert_eq!(kept.keep(tick(1)).1.len(), 1, "the large one");
        assert_eq!((kept.next, kept.ticks.len(), kept.bytes), (TICKS_BEHIND_MAX as u64 + 3, 1, 1));
    }
}

//! One listener, as the engine tells them: how far they are, and what their connection has not taken yet.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use bytes::{Bytes, BytesMut};
use devsquad::id::WorkflowId;

use super::{Form, control};
use crate::connection::{Line, Written};
use crate::engine::Published;
use crate::engine::live::{After, Hear, Live, Ticks};

/// Bytes of events that are written at once to a listener who has fallen behind: a write costs more than what is written.
const PIECE_BYTES_MAX: usize = 64 * 1_024;

/// Whom the engine tells.
pub(super) struct Listener {
    workflow: Option<WorkflowId>,
    form: Form,
    line: Option<Line>,
    heard: Mutex<Heard>,
}

/// How far a listener is.
struct Heard {
    /// The position of the tick that comes next.
    next: u64,
    /// The last durable event told, or passed over because it was told before.
    last: u64,
    /// What is made and not yet taken.
    waiting: VecDeque<Bytes>,
    /// The connection, while it waits for more.
    waker: Option<Waker>,
}

/// What a connection that asks is given.
pub(super) enum Given {
    Piece(Bytes),
    NotYet,
    End,
}

impl Listener {
    /// Somebody who has the durable events up to `last` once they took what waits, and is told the ticks from the position `next` on.
    pub(super) fn new(
        form: Form,
        workflow: Option<WorkflowId>,
        line: Option<Line>,
        next: u64,
        last: u64,
        waiting: Vec<Bytes>,
    ) -> Listener {
        let heard = Heard { next, last, waiting: waiting.into(), waker: None };
        Listener { workflow, form, line, heard: Mutex::new(heard) }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on what is written has to follow what the connection was given.
    pub(super) fn hand_over(&self) {
        if let Some(line) = &self.line {
            line.hand_over();
        }
    }

    /// The next piece for the connection. What waits goes as one: each write of one costs as much as many events do.
    pub(super) fn take(&self, live: &Live, context: &mut Context<'_>, over: bool) -> Given {
        let mut heard = self.heard();
        if over {
            heard.next = u64::MAX;
            return Given::End;
        }
        let mut ended = false;
        while !ended && heard.waiting_bytes() < PIECE_BYTES_MAX {
            match live.after(heard.next) {
                After::Ticks(ticks) => self.tell(&mut heard, &ticks),
                After::Lost(next) => {
                    let reset = control("reset", heard.last);
                    heard.waiting.push_back(reset);
                    heard.next = next;
                }
                After::End => ended = true,
                After::Nothing => break,
            }
        }
        match heard.taken() {
            Some(piece) => {
                self.hand_over();
                Given::Piece(piece)
            }
            // The organization's loop has ended; the browser asks again, and finds the next one.
            None if ended => Given::End,
            None => {
                heard.waker = Some(context.waker().clone());
                Given::NotYet
            }
        }
    }

    fn tell(&self, heard: &mut Heard, ticks: &Ticks) {
        let told = heard.last;
        for published in ticks.events() {
            let told_before = (1..=told).contains(&published.event.seq);
            if !told_before && self.concerns(published) {
                heard.waiting.push_back(match self.form {
                    Form::Event => published.whole(),
                    Form::News => published.news(),
                });
            }
        }
        heard.passed(ticks);
    }

    fn concerns(&self, published: &Published) -> bool {
        self.workflow.is_none() || published.event.change.workflow() == self.workflow
    }

    /// Writes ticks straight to the connection; whether that could be done.
    fn write(&self, heard: &mut Heard, ticks: &Ticks) -> bool {
        let is_next = heard.next == ticks.positions.start && heard.waiting.is_empty();
        let told_before = ticks.durable.is_some_and(|(first, _)| first <= heard.last);
        if !is_next || told_before {
            return false;
        }
        if ticks.events().any(|published| self.concerns(published)) {
            // Those who hear of one workflow only are few, and what is theirs is made for each of them.
            let (None, Some(line)) = (self.workflow, &self.line) else { return false };
            let written = line.write(match self.form {
                Form::Event => ticks.whole(),
                Form::News => ticks.news(),
            });
            match written {
                Written::Whole => {}
                Written::InPart => heard.wake(),
                Written::Not => return false,
            }
        }
        heard.passed(ticks);
        true
    }
}

impl Hear for Listener {
    fn hear(&self, ticks: &Ticks) {
        let mut heard = self.heard();
        if heard.next < ticks.positions.end && !self.write(&mut heard, ticks) {
            heard.wake();
        }
    }

    fn look(&self) {
        self.heard().wake();
    }
}

impl Heard {
    /// What is in these ticks was told, or is not for this listener.
    fn passed(&mut self, ticks: &Ticks) {
        self.last = ticks.durable.map_or(self.last, |(_, last)| last.max(self.last));
        self.next = ticks.positions.end;
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn waiting_bytes(&self) -> usize {
        self.waiting.iter().map(Bytes::len).sum()
    }

    fn taken(&mut self) -> Option<Bytes> {
        let first = self.waiting.pop_front()?;
        if self.waiting.is_empty() {
            return Some(first);
        }
        let mut piece = BytesMut::from(first);
        while piece.len() < PIECE_BYTES_MAX
            && let Some(next) = self.waiting.pop_front()
        {
            piece.extend_from_slice(&next);
        }
        Some(piece.freeze())
    }
}

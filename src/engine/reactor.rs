//! The sockets of one thread, and what happens to them during a turn.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use slab::Slab;
use socket2::Socket;

use super::Poller;
use super::batch::{Batch, Kind};
use super::connection::{Connection, Side, Transport};
use super::deflation::Codecs;
use super::jobs::Outcome;
use super::message::LargePayloads;
use super::scratch::Scratch;
use super::token::Token;
use crate::protocol::ProtocolError;

/// Adopted sockets, their connections, and what they have to tell.
///
/// A turn is [`Reactor::poll`], then [`Reactor::fill`] and, after JavaScript has seen the batch,
/// [`Reactor::flush`], until `fill` adds nothing. Whoever ends a turn earlier calls
/// [`Reactor::wake`].
///
/// A new one has streams only, and no `poll` brings anything; [`Reactor::watch_sockets`] changes that.
pub(crate) struct Reactor<P> {
    /// What watches the sockets.
    pub(super) poller: Option<Poller>,
    pub(super) connections: Slab<Connection<P>>,
    /// Slots that want to be read, in the order in which they will be.
    pub(super) ready: VecDeque<u32>,
    /// Slots with something to tell that is not a read.
    notices: VecDeque<u32>,
    /// Slots of streams with something to take.
    pub(super) outputs: VecDeque<u32>,
    generation: u32,
    pub(super) referenced: usize,
    /// The slot of a connection that is served once more because the batch was full, and what is left
    /// of its budget.
    pub(super) continued: Option<(u32, usize)>,
    now: u64,
    pub(super) scratch: Scratch,
    pub(super) codecs: Codecs,
    /// What other threads have done, and was not looked at.
    pub(super) finished: VecDeque<Outcome>,
    /// Bytes that other threads have decompressed and that were accepted in this turn.
    pub(super) accepted: usize,
}

/// What became of a connection that was served.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Served {
    /// There is nothing more to read for now.
    Drained,
    /// There may be more: its budget is used up.
    More,
    /// There may be more: the batch is full, and this much of its budget is left.
    BatchFull(usize),
}

impl<P> Reactor<P> {
    pub(crate) fn new() -> Self {
        Reactor {
            poller: None,
            connections: Slab::new(),
            ready: VecDeque::new(),
            notices: VecDeque::new(),
            outputs: VecDeque::new(),
            generation: 0,
            referenced: 0,
            continued: None,
            now: 0,
            scratch: Scratch::default(),
            codecs: Codecs::default(),
            finished: VecDeque::new(),
            accepted: 0,
        }
    }

    /// Whether something keeps the process alive: a connection, or what another thread does, until
    /// it was told. The stream for which that is done may be gone, or never have kept it alive.
    pub(crate) fn is_referenced(&self) -> bool {
        let is_stream = |slot: &u32| {
            let connection = self.connections.get(*slot as usize);
            connection.is_some_and(|other| matches!(other.transport, Transport::Stream(_)))
        };
        self.referenced > 0
            || self.codecs.completions.outstanding() > 0
            || !self.finished.is_empty()
            || self.ready.iter().any(is_stream)
    }

    /// Sets the time of this turn, in milliseconds.
    pub(crate) fn set_now(&mut self, now: u64) {
        self.now = now;
    }

    pub(super) fn now(&self) -> u64 {
        self.now
    }

    /// Gives a connection its slot and its generation.
    pub(super) fn insert(&mut self, mut connection: Connection<P>) -> Token {
        let generation = self.generation;
        self.generation = generation.wrapping_add(1) & Token::GENERATION_MASK;
        connection.generation = generation;
        let slot = self.connections.insert(connection) as u32;
        Token { slot, generation }
    }

    /// The connection that `token` names, if it is still the same.
    pub(super) fn get(&self, token: Token) -> Option<&Connection<P>> {
        let connection = self.connections.get(token.slot as usize)?;
        (connection.generation == token.generation).then_some(connection)
    }

    pub(super) fn get_mut(&mut self, token: Token) -> Option<&mut Connection<P>> {
        let connection = self.connections.get_mut(token.slot as usize)?;
        (connection.generation == token.generation).then_some(connection)
    }

    /// Puts `slot` at the end of the ready list, unless it is there or has nothing to read.
    pub(super) fn enqueue(&mut self, slot: u32) {
        if let Some(connection) = self.connections.get_mut(slot as usize)
            && !connection.flags.queued
            && connection.wants_service()
        {
            connection.flags.queued = true;
            self.ready.push_back(slot);
        }
    }

    /// Remembers that `slot` has something to tell.
    pub(super) fn notice(&mut self, slot: u32) {
        if let Some(connection) = self.connections.get_mut(slot as usize)
            && !connection.flags.noticed
        {
            connection.flags.noticed = true;
            self.notices.push_back(slot);
        }
    }

    /// How many connections wait to be read. [`Reactor::fill`] is told how many to serve, so
    /// that those which ask for more wait for the next turn.
    pub(crate) fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Whether another turn is needed although the operating system has nothing to report.
    pub(crate) fn has_work(&self) -> bool {
        !self.ready.is_empty() || !self.notices.is_empty() || !self.finished.is_empty()
    }

    /// Fills `batch`: first what is to be told, then what up to `budget` connections have to
    /// read. `budget` is lowered by those that were served.
    pub(crate) fn fill(
        &mut self,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
        budget: &mut usize,
    ) {
        self.accept_finished(batch, larges);
        self.tell(batch, true);
        while *budget > 0 && !batch.is_full() {
            let Some(slot) = self.ready.pop_front() else {
                break;
            };
            if !self.serve_ready(slot, batch, larges) {
                *budget -= 1;
            }
        }
    }

    /// Serves a connection that was taken from the ready list. Returns whether it is first there
    /// again, to go on in the next batch of the same turn.
    pub(super) fn serve_ready(
        &mut self,
        slot: u32,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
    ) -> bool {
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return false;
        };
        connection.flags.queued = false;
        let serve = AssertUnwindSafe(|| self.serve(slot, batch, larges));
        let served = catch_unwind(serve).unwrap_or_else(|_| {
            self.fail_broken(slot, Side::Reading);
            Served::Drained
        });
        match served {
            Served::Drained => false,
            Served::More => {
                self.enqueue(slot);
                false
            }
            Served::BatchFull(budget) => {
                if let Some(connection) = self.connections.get_mut(slot as usize) {
                    connection.flags.queued = true;
                    self.ready.push_front(slot);
                    self.continued = Some((slot, budget));
                }
                true
            }
        }
    }

    /// Puts completed writes into `batch`, and with `closed` also closed connections.
    /// Returns whether something was left for another time.
    pub(crate) fn tell(&mut self, batch: &mut Batch<'_>, closed: bool) -> bool {
        for _ in 0..self.notices.len() {
            // One connection has at most four things to tell.
            if batch.records_left() < 4 {
                break;
            }
            let Some(slot) = self.notices.pop_front() else {
                break;
            };
            let Some(connection) = self.connections.get_mut(slot as usize) else {
                continue;
            };
            let token = Token {
                slot,
                generation: connection.generation,
            };
            let written = std::mem::take(&mut connection.written);
            if written > 0 {
                batch.push(token, Kind::Written, written, 0);
            }
            if std::mem::take(&mut connection.flags.drained) {
                batch.push(token, Kind::Drained, 0, 0);
            }
            if std::mem::take(&mut connection.flags.untold) {
                batch.push(token, Kind::Error, 0, 0);
            }
            connection.flags.noticed = false;
            if connection.is_closed() && !connection.flags.last_words {
                if closed {
                    batch.push(token, Kind::Closed, connection.errno as usize, 0);
                    // Until it is told, it keeps the process alive, so that it is told.
                    connection.flags.told_closed = true;
                    if !connection.flags.unreferenced {
                        self.referenced -= 1;
                    }
                } else {
                    connection.flags.noticed = true;
                    self.notices.push_back(slot);
                }
            }
        }
        !self.notices.is_empty()
    }

    /// Closes the descriptor of `slot` because of `errno`, or because it is time (0).
    pub(super) fn close(&mut self, slot: u32, errno: i32) {
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        let Some(socket) = connection.transport.socket() else {
            return;
        };
        // Deregistration first: afterwards the number may be a stranger's.
        if let Some(poller) = &self.poller {
            poller.deregister(socket);
        }
        connection.transport = Transport::Closed;
        connection.errno = errno;
        connection.queue = Default::default();
        // Like ws, deliver what was read and waits for its turn to be decompressed.
        let waits = connection.deflation.is_some()
            && connection.flags.decodable
            && !connection.flags.discarding;
        if connection.flags.inflating || waits {
            connection.flags.last_words = true;
            self.enqueue(slot);
        } else {
            self.bury(slot);
        }
    }

    /// Tells that `slot` is closed; nothing else follows.
    pub(super) fn bury(&mut self, slot: u32) {
        if let Some(connection) = self.connections.get_mut(slot as usize) {
            connection.pending.clear();
            connection.flags.last_words = false;
            self.drop_deflation(slot);
            self.notice(slot);
        }
    }

    /// Closes `slot` if both directions have ended.
    pub(super) fn close_if_ended(&mut self, slot: u32) {
        if let Some(connection) = self.connections.get(slot as usize)
            && connection.flags.read_ended
            && connection.flags.write_ended
        {
            self.close(slot, 0);
        }
    }

    /// Closes the connection now; what is queued and refused is lost. With `reset` the peer gets
    /// RST instead of FIN.
    /// Returns whether messages are still to be told of: they wait for being decompressed.
    pub(crate) fn destroy(&mut self, token: Token, reset: bool) -> bool {
        let Some(connection) = self.get(token) else {
            return false;
        };
        if reset && let Some(socket) = connection.transport.socket() {
            let _ = socket.set_linger(Some(std::time::Duration::ZERO));
        }
        self.close(token.slot, 0);
        self.get(token)
            .is_some_and(|connection| connection.flags.last_words)
    }

    /// Forgets a closed connection and frees what is left of its message.
    pub(super) fn release(&mut self, slot: u32, larges: &mut impl LargePayloads<Payload = P>) {
        let closed = |connection: &Connection<P>| connection.is_closed();
        if self.connections.get(slot as usize).is_some_and(closed) {
            self.connections
                .remove(slot as usize)
                .message
                .discard(larges);
        }
    }

    /// Stops or continues reading.
    pub(crate) fn set_paused(&mut self, token: Token, paused: bool) {
        let Some(connection) = self.get_mut(token) else {
            return;
        };
        connection.flags.paused = paused;
        if paused && connection.errno != 0 {
            // A write has failed, and what would have been read before the end no longer is.
            let errno = connection.errno;
            self.close(token.slot, errno);
        }
        self.enqueue(token.slot);
        if self.has_work() {
            self.wake();
        }
    }

    /// Whether the connection keeps the process alive.
    pub(crate) fn set_referenced(&mut self, token: Token, referenced: bool) {
        let Some(connection) = self.get_mut(token) else {
            return;
        };
        let changed =
            std::mem::replace(&mut connection.flags.unreferenced, !referenced) == referenced;
        let counts = !matches!(connection.transport, Transport::Stream(_));
        if changed && counts && !connection.flags.told_closed {
            if referenced {
                self.referenced += 1;
            } else {
                self.referenced -= 1;
            }
        }
    }

    /// How the peer broke the protocol, if it did.
    pub(crate) fn error(&self, token: Token) -> Option<ProtocolError> {
        self.get(token)?.error()
    }

    /// The socket, while it is open.
    pub(crate) fn socket(&self, token: Token) -> Option<&Socket> {
        self.get(token)?.transport.socket()
    }

    /// Bytes that the kernel, or the stream, has not taken yet.
    pub(crate) fn queued(&self, token: Token) -> usize {
        self.get(token).map_or(0, |connection| {
            let deflation = connection.deflation.as_ref();
            let waiting = deflation.map_or(0, |deflation| deflation.waiting());
            waiting
                + match &connection.transport {
                    Transport::Stream(output) => output.len(),
                    Transport::Socket(_) | Transport::Closed => connection.queue.len(),
                }
        })
    }

    /// Bytes read, bytes written, and milliseconds since bytes last moved.
    pub(crate) fn counters(&self, token: Token) -> Option<[u64; 3]> {
        let connection = self.get(token)?;
        Some([
            connection.bytes_read,
            connection.bytes_written,
            self.now.saturating_sub(connection.last_activity),
        ])
    }

    /// Closes every descriptor.
    pub(crate) fn close_all(&mut self) {
        let slots: Vec<u32> = self
            .connections
            .iter()
            .map(|(slot, _)| slot as u32)
            .collect();
        for slot in slots {
            self.close(slot, 0);
        }
    }
}

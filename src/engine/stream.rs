//! Connections over JavaScript streams: TLS sockets, and whatever else is no descriptor of ours.
//! The stream pushes the bytes it read and takes those it has to write; between the two the
//! connection is like any other.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::batch::{Batch, Kind, RECEIVE_SIZE};
use super::connection::{Connection, Settings, Side, Transport};
use super::intake::Intake;
use super::message::LargePayloads;
use super::output::{Output, Taken};
use super::reactor::Reactor;
use super::token::Token;
use crate::protocol::injection::panic_if_asked;

/// What taking the output of one stream has come to.
enum Took {
    Some(Taken),
    /// It does not fit.
    NoRoom,
}

impl<P> Reactor<P> {
    /// Takes a connection in whose bytes a JavaScript stream moves.
    pub(crate) fn add_stream(&mut self, settings: Settings) -> Token {
        self.insert(Connection::new(
            Transport::Stream(Box::default()),
            settings,
            self.now(),
        ))
    }

    /// Takes bytes that the stream has read. They are decoded by the next [`Reactor::fill`].
    pub(crate) fn push(&mut self, token: Token, bytes: &[u8]) {
        let Some(connection) = self.get_mut(token) else {
            return;
        };
        if connection.flags.discarding || matches!(connection.transport, Transport::Closed) {
            return;
        }
        connection.take_chunk(bytes);
        self.enqueue(token.slot);
    }

    /// Takes what streams have read, in its order: decoded at once while `batch` has room and
    /// nothing waits, by the next [`Reactor::fill`] otherwise.
    pub(crate) fn take_intake(
        &mut self,
        intake: Intake<'_>,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
    ) {
        for (token, bytes) in intake {
            if batch.is_full() || !self.ready.is_empty() || bytes.len() > RECEIVE_SIZE {
                self.push(token, bytes);
                continue;
            }
            let receive = AssertUnwindSafe(|| self.receive_chunk(token, bytes, batch, larges));
            if catch_unwind(receive).is_err() {
                self.fail_broken(token.slot, Side::Reading);
            }
        }
    }

    fn receive_chunk(
        &mut self,
        token: Token,
        bytes: &[u8],
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
    ) {
        let connection = match self.connections.get_mut(token.slot as usize) {
            Some(connection) if connection.generation == token.generation => connection,
            _ => return,
        };
        if connection.flags.decodable || connection.flags.inflating {
            self.push(token, bytes);
        } else if let Transport::Stream(_) = connection.transport {
            self.codecs.inflated = 0;
            connection.receive_chunk(token, bytes, batch, larges, &mut self.codecs);
            // The batch may be full now.
            if connection.flags.decodable {
                self.enqueue(token.slot);
            }
        }
    }

    /// The stream has ended: told behind what it brought.
    pub(crate) fn end_stream(&mut self, token: Token) {
        if let Some(connection) = self.get_mut(token) {
            connection.flags.stream_ended = true;
            self.enqueue(token.slot);
        }
    }

    /// The stream is closed: told behind what it brought.
    pub(crate) fn close_stream(&mut self, token: Token) {
        if let Some(connection) = self.get_mut(token) {
            connection.flags.stream_closed = true;
            self.enqueue(token.slot);
        }
    }

    /// Tells of the end of a stream, or that it is closed, when nothing is left to decode.
    pub(super) fn serve_stream(&mut self, token: Token, batch: &mut Batch<'_>) {
        let Some(connection) = self.get_mut(token) else {
            return;
        };
        let flags = &mut connection.flags;
        if flags.stream_ended && !flags.read_ended {
            flags.read_ended = true;
            batch.push(token, Kind::Ended, 0, 0);
        }
        if flags.stream_closed {
            connection.transport = Transport::Closed;
            connection.pending.clear();
            self.drop_deflation(token.slot);
            batch.push(token, Kind::Closed, 0, 0);
        }
    }

    /// Fills `batch` with what streams have pushed, and leaves sockets for a turn.
    pub(crate) fn fill_from_streams(
        &mut self,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
    ) {
        let is_stream =
            |connection: &Connection<P>| matches!(connection.transport, Transport::Stream(_));
        self.accept_finished(batch, larges);
        for _ in 0..self.ready.len() {
            let Some(slot) = self.ready.pop_front() else {
                break;
            };
            if !self.connections.get(slot as usize).is_some_and(is_stream) {
                self.ready.push_back(slot);
            } else if batch.is_full() {
                self.ready.push_front(slot);
                break;
            } else if self.serve_ready(slot, batch, larges) {
                break;
            }
        }
    }

    /// Remembers that the stream of `slot` has something to take.
    pub(super) fn list_output(&mut self, slot: u32) {
        if let Some(connection) = self.connections.get_mut(slot as usize)
            && let Transport::Stream(output) = &mut connection.transport
            && !output.listed
        {
            output.listed = true;
            self.outputs.push_back(slot);
        }
    }

    /// Whether a stream has something to take.
    pub(crate) fn has_output(&self) -> bool {
        !self.outputs.is_empty()
    }

    /// What the next stream has to write, copied to the front of `memory`. `None` if there is
    /// nothing, or if it does not fit; but where `all` of the memory is free, as much is taken as
    /// fits.
    pub(crate) fn take_output(&mut self, memory: &mut [u8], all: bool) -> Option<Taken> {
        while let Some(&slot) = self.outputs.front() {
            let take = AssertUnwindSafe(|| self.take_from(slot, memory, all));
            match catch_unwind(take) {
                Ok(Some(Took::Some(taken))) => return Some(taken),
                Ok(Some(Took::NoRoom)) => return None,
                Ok(None) => {
                    self.outputs.pop_front();
                }
                Err(_) => {
                    self.outputs.pop_front();
                    self.fail_taking(slot);
                }
            }
        }
        self.outputs = VecDeque::new();
        None
    }

    /// Takes what the first of the list has to write. `None` if it is no stream any more.
    fn take_from(&mut self, slot: u32, memory: &mut [u8], all: bool) -> Option<Took> {
        let connection = self.connections.get_mut(slot as usize)?;
        let Transport::Stream(output) = &mut connection.transport else {
            return None;
        };
        let token = Token {
            slot,
            generation: connection.generation,
        };
        let length = output.len().min(memory.len());
        let end = output.taken + length;
        let fits = end == output.bytes.len();
        if !fits && !all {
            return Some(Took::NoRoom);
        }
        panic_if_asked("taking", &output.bytes[output.taken..end]);
        memory[..length].copy_from_slice(&output.bytes[output.taken..end]);
        let (mut marks, mut is_end) = (0, false);
        if fits {
            (marks, is_end) = (output.marks, output.end);
            **output = Output::default();
            self.outputs.pop_front();
        } else {
            output.taken = end;
        }
        Some(Took::Some(Taken {
            token,
            length,
            marks,
            end: is_end,
        }))
    }

    /// Something has panicked while what the stream of `slot` has to write was taken.
    fn fail_taking(&mut self, slot: u32) {
        if let Some(connection) = self.connections.get_mut(slot as usize)
            && let Transport::Stream(output) = &mut connection.transport
        {
            // Where a part was taken a frame may be cut: nothing may follow it.
            connection.flags.broken |= output.taken > 0;
            **output = Output::default();
        }
        self.fail_broken(slot, Side::Writing);
    }
}

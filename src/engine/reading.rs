//! Serving one connection: receive, decode, and lay the events out in the batch.
//!
//! ```text
//!  kernel ──recv──► arena ──decode in place──► records that point into the arena
//!                     │ pieces of a message
//!                     ▼
//!  kernel ──recv──► message  (a large one is received straight into its own buffer)
//! ```

use std::io::{self, Read};

use super::SCALE;
use super::batch::{Batch, Kind, RECEIVE_SIZE};
use super::connection::{Connection, Transport};
use super::decoding::Stop;
use super::deflation::Codecs;
use super::inflating::INFLATE_BUDGET;
use super::message::{LargePayloads, OutOfMemory};
use super::reactor::{Reactor, Served};
use super::token::Token;
use crate::protocol::injection::panic_if_asked;
use crate::protocol::{Event, ProtocolError};

/// Bytes that are read and decoded of one connection in a turn while others wait.
const READ_BUDGET: usize = 256 * 1024 / SCALE;

/// What a message takes of that beside its bytes: small ones cost JavaScript more than their length.
const MESSAGE_COST: usize = 64;

/// Bytes of one read into a large message: so many that the processor's cache still has them
/// when they are unmasked.
const LARGE_READ: usize = 512 * 1024 / SCALE;

/// Of the budget, these take this part of their length: they are not copied again.
const LARGE_SHARE: usize = 8;

/// With less than this many bytes left of its frame, a large message is received as others are:
/// copying them costs less than a read that brings no more than them.
const LEAST_DIRECT: u64 = 16 * 1024 / SCALE as u64;

/// What one read brought.
enum Received {
    Bytes(usize),
    End,
    Refused,
    Failed(i32),
}

impl<P> Connection<P> {
    /// One read. Keeps `readable` true as long as there may be more.
    fn receive(socket: &mut impl Read, memory: &mut [u8]) -> Received {
        loop {
            return match socket.read(memory) {
                Ok(0) => Received::End,
                Ok(count) => Received::Bytes(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Received::Refused,
                Err(error) => Received::Failed(error.raw_os_error().unwrap_or(libc::EIO)),
            };
        }
    }

    /// Accounts for a read that was offered `offered` bytes of memory.
    fn account(&mut self, received: &Received, offered: usize, now: u64) {
        match *received {
            Received::Bytes(count) => {
                self.bytes_read += count as u64;
                self.last_activity = now;
                // "Until the read(2) is shorter than asked" is no proof after an end, an error or
                // an urgent mark: those are reported with the edge that brought the last bytes.
                if count < offered && !self.flags.read_until_refused {
                    self.flags.readable = false;
                }
            }
            Received::Refused => {
                self.flags.readable = false;
                self.flags.read_until_refused = false;
            }
            Received::End | Received::Failed(_) => self.flags.readable = false,
        }
    }

    /// Takes bytes that somebody else has read: before the adoption, or from a stream.
    pub(super) fn take_chunk(&mut self, bytes: &[u8]) {
        if let Err(error) = self.protocol.begin_chunk() {
            // It is told when the connection is served.
            self.set_error(error);
        }
        self.flags.decodable = true;
        self.pending.extend(bytes);
    }

    /// Receives the payload of a large message into its own buffer, if one is under way.
    /// Returns how many bytes came, `None` if this was not the case.
    fn receive_large(
        &mut self,
        token: Token,
        now: u64,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
    ) -> Option<Result<usize, Received>> {
        let remaining = self.protocol.frame_remaining();
        if remaining < LEAST_DIRECT
            || !self.pending.is_empty()
            || self.flags.discarding
            || self.protocol.frame_is_compressed()
        {
            return None;
        }
        let declared = self.protocol.message_length();
        let memory = match self.message.spare(remaining, declared, larges) {
            Ok(memory) => memory?,
            Err(OutOfMemory) => {
                self.fail(token, ProtocolError::MaxPayloadExceeded, batch);
                return None;
            }
        };
        let offered = memory.len().min(LARGE_READ);
        let memory = &mut memory[..offered];
        let socket = self.transport.socket_mut()?;
        let received = Self::receive(socket, memory);
        let result = match received {
            Received::Bytes(count) => {
                let decoded = self
                    .protocol
                    .begin_chunk()
                    .and_then(|()| self.protocol.receive(&mut memory[..count]));
                panic_if_asked("receiving", &memory[..count]);
                self.message.received(count);
                match decoded {
                    Ok(Some(decoded)) => {
                        debug_assert_eq!(decoded.consumed, count);
                        if let Event::Payload {
                            kind,
                            end_of_frame: true,
                            end_of_message,
                            ..
                        } = decoded.event
                        {
                            self.end_frame(kind, end_of_message);
                            if end_of_message && self.deliver(token, kind, batch, larges).is_err() {
                                self.fail(token, ProtocolError::MaxPayloadExceeded, batch);
                            }
                        }
                    }
                    Ok(None) => {}
                    Err(error) => {
                        self.fail(token, error, batch);
                    }
                }
                Ok(count)
            }
            Received::End | Received::Refused | Received::Failed(_) => Err(received),
        };
        let outcome = match &result {
            Ok(count) => &Received::Bytes(*count),
            Err(received) => received,
        };
        self.account(outcome, offered, now);
        Some(result)
    }
}

impl<P> Reactor<P> {
    /// Reads and decodes for `slot` until there is nothing more, its budget is used up, or the
    /// batch is full.
    pub(super) fn serve(
        &mut self,
        slot: u32,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
    ) -> Served {
        let now = self.now();
        let mut budget = match self.continued.take() {
            // It has filled a batch before it had its share.
            Some((continued, budget)) if continued == slot => budget,
            _ => {
                self.codecs.inflated = 0;
                READ_BUDGET
            }
        };
        loop {
            let Some(connection) = self.connections.get_mut(slot as usize) else {
                return Served::Drained;
            };
            if !connection.wants_service() {
                return Served::Drained;
            }
            if budget == 0 || self.codecs.inflated >= INFLATE_BUDGET {
                return Served::More;
            }
            if batch.is_full() {
                return Served::BatchFull(budget);
            }
            let (told, waited) = (batch.len(), connection.pending.len());
            let token = Token {
                slot,
                generation: connection.generation,
            };
            if connection.flags.decodable {
                connection.decode_pending(token, batch, larges, &mut self.codecs);
                let decoded = waited - connection.pending.len();
                budget = budget.saturating_sub(decoded + (batch.len() - told) * MESSAGE_COST);
                if connection.flags.discarding {
                    connection.message.discard(larges);
                }
                continue;
            }
            match connection.transport {
                Transport::Socket(_) => {}
                Transport::Stream(_) => {
                    self.serve_stream(token, batch);
                    return Served::Drained;
                }
                Transport::Closed => {
                    // Its last words were told.
                    self.bury(slot);
                    return Served::Drained;
                }
            }
            let (received, share) = match connection.receive_large(token, now, batch, larges) {
                Some(result) => (result, LARGE_SHARE),
                None => (
                    connection.receive_into_arena(token, now, batch, larges, &mut self.codecs),
                    1,
                ),
            };
            match received {
                Ok(count) => {
                    // What waits now counts when it is decoded.
                    let decoded = (waited + count).saturating_sub(connection.pending.len());
                    let cost = decoded / share + (batch.len() - told) * MESSAGE_COST;
                    // A read that brings next to nothing is one, too.
                    budget = budget.saturating_sub(cost.max(MESSAGE_COST));
                }
                Err(Received::Failed(errno)) => {
                    self.close(slot, errno);
                    return Served::Drained;
                }
                // A write failed, and nothing is left to read.
                Err(_) if connection.errno != 0 => {
                    let errno = connection.errno;
                    self.close(slot, errno);
                    return Served::Drained;
                }
                Err(Received::End) => {
                    connection.flags.read_ended = true;
                    connection.message.discard(larges);
                    batch.push(token, Kind::Ended, 0, 0);
                    self.close_if_ended(slot);
                    return Served::Drained;
                }
                Err(Received::Refused | Received::Bytes(_)) => return Served::Drained,
            }
            if connection.flags.discarding {
                connection.message.discard(larges);
            }
        }
    }
}

impl<P> Connection<P> {
    /// Receives into the arena, behind what was left of the last read.
    fn receive_into_arena(
        &mut self,
        token: Token,
        now: u64,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
        codecs: &mut Codecs,
    ) -> Result<usize, Received> {
        let Some(socket) = self.transport.socket_mut() else {
            return Err(Received::Refused);
        };
        let space = batch.space();
        let left_over = self.pending.len();
        space[..left_over].copy_from_slice(self.pending.bytes());
        let memory = &mut space[left_over..left_over + RECEIVE_SIZE];
        let received = Self::receive(socket, memory);
        self.account(&received, RECEIVE_SIZE, now);
        let Received::Bytes(count) = received else {
            return Err(received);
        };
        self.decode_received(token, left_over + count, batch, larges, codecs);
        Ok(count)
    }

    /// Decodes a chunk that a stream has read, behind what was left of the last. The caller has
    /// asked [`Batch::is_full`], and nothing is left that could be decoded already.
    pub(super) fn receive_chunk(
        &mut self,
        token: Token,
        bytes: &[u8],
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
        codecs: &mut Codecs,
    ) {
        let space = batch.space();
        let left_over = self.pending.len();
        space[..left_over].copy_from_slice(self.pending.bytes());
        space[left_over..left_over + bytes.len()].copy_from_slice(bytes);
        self.decode_received(token, left_over + bytes.len(), batch, larges, codecs);
        if self.flags.discarding {
            self.message.discard(larges);
        }
    }

    /// Decodes the first `length` bytes of the batch's free space: what was left of the last read,
    /// and a new chunk.
    fn decode_received(
        &mut self,
        token: Token,
        length: usize,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
        codecs: &mut Codecs,
    ) {
        if self.flags.discarding {
            return;
        }
        if let Err(error) = self.protocol.begin_chunk() {
            self.fail(token, error, batch);
            self.pending.clear();
            return;
        }
        let taken = batch.take(length);
        let mut range = taken.clone();
        let (stop, kept) = self.decode(token, &mut range, batch, larges, codecs);
        if range.is_empty() || matches!(stop, Stop::Ended) {
            self.pending.clear();
        } else {
            self.pending.replace(batch.bytes(range));
            self.flags.decodable = matches!(stop, Stop::BatchFull | Stop::Later);
        }
        batch.give_back(&taken, kept);
    }

    /// Decodes what came with the adoption, or what an earlier turn had to leave. Those bytes were
    /// counted as a chunk when they came.
    fn decode_pending(
        &mut self,
        token: Token,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
        codecs: &mut Codecs,
    ) {
        if let Some(error) = self.error() {
            self.fail(token, error, batch);
            self.pending.clear();
            self.flags.decodable = false;
            return;
        }
        let offered = self.pending.len().min(RECEIVE_SIZE);
        let taken = batch.take(offered);
        batch
            .bytes(taken.clone())
            .copy_from_slice(&self.pending.bytes()[..offered]);
        let mut range = taken.clone();
        let (stop, kept) = self.decode(token, &mut range, batch, larges, codecs);
        batch.give_back(&taken, kept);
        // Was that all there is? Then what is left waits for a read.
        let all = offered == self.pending.len();
        match stop {
            Stop::Ended => self.pending.clear(),
            Stop::NeedsMore | Stop::BatchFull | Stop::Later => {
                self.pending.consume(range.start - taken.start);
            }
        }
        self.flags.decodable =
            !self.pending.is_empty() && (!all || matches!(stop, Stop::BatchFull | Stop::Later));
    }
}

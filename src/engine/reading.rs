//! Serving one connection: receive, decode, and lay the events out in the batch.
//!
//! ```text
//!  kernel ──recv──► arena ──decode in place──► records that point into the arena
//!                     │ pieces of a message
//!                     ▼
//!  kernel ──recv──► message  (a large one is received straight into its own buffer)
//! ```

use std::io::{self, Read};
use std::ops::Range;

use super::batch::{Batch, Kind, RECEIVE_SIZE};
use super::connection::{Connection, Transport};
use super::message::{Finished, LargePayloads, Message, OutOfMemory};
use super::reactor::{Reactor, Served};
use super::token::Token;
use crate::protocol::{Event, MessageKind, ProtocolError};

/// Bytes that one connection may read in a turn while others wait.
const READ_BUDGET: usize = 256 * 1024;

/// Bytes of a large message that one connection may read in a turn while others wait.
const LARGE_READ_BUDGET: usize = 1024 * 1024;

/// What one read brought.
enum Received {
    Bytes(usize),
    End,
    Refused,
    Failed(i32),
}

/// How decoding stopped.
enum Stop {
    /// All was used, or the rest is an unfinished header or control frame.
    NeedsMore,
    BatchFull,
    /// A close frame or an error: nothing more is decoded.
    Ended,
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
            self.error = Some(error);
        }
        self.flags.decodable = true;
        self.pending.extend(bytes);
    }

    /// The peer broke the protocol, or its message cannot be held.
    fn fail(&mut self, token: Token, error: ProtocolError, batch: &mut Batch<'_>) -> Stop {
        self.error = Some(error);
        self.flags.discarding = true;
        batch.push(token, Kind::Error, 0, 0);
        Stop::Ended
    }

    /// Decodes what lies at `range` in the arena, and moves the start of `range` behind what was
    /// used. Returns the end of the last payload that a record points at, too.
    fn decode(
        &mut self,
        token: Token,
        range: &mut Range<usize>,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
    ) -> (Stop, usize) {
        let mut kept = range.start;
        let stop = loop {
            if Range::is_empty(range) {
                break Stop::NeedsMore;
            }
            if !batch.has_room() {
                break Stop::BatchFull;
            }
            let decoded = match self.protocol.receive(batch.bytes(range.clone())) {
                Ok(Some(decoded)) => decoded,
                Ok(None) => break Stop::NeedsMore,
                Err(error) => break self.fail(token, error, batch),
            };
            let start = range.start;
            let at = |payload: &Range<usize>| start + payload.start..start + payload.end;
            range.start += decoded.consumed;
            match decoded.event {
                Event::Message { kind, payload } => {
                    let payload = at(&payload);
                    let kind = match kind {
                        MessageKind::Text => Kind::Text,
                        MessageKind::Binary => Kind::Binary,
                    };
                    batch.push(token, kind, payload.start, payload.len());
                    kept = payload.end;
                }
                Event::Payload {
                    kind,
                    payload,
                    end_of_frame,
                    end_of_message,
                } => {
                    let declared = self.protocol.message_length();
                    let piece = batch.bytes(at(&payload));
                    let appended = self.message.append(piece, declared, larges);
                    if end_of_frame {
                        self.end_frame(kind, end_of_message);
                    }
                    let delivered = appended.and_then(|()| match end_of_message {
                        true => self.deliver(token, kind, batch, larges),
                        false => Ok(()),
                    });
                    if delivered.is_err() {
                        break self.fail(token, ProtocolError::MaxPayloadExceeded, batch);
                    }
                }
                Event::Ping { payload } => {
                    let payload = at(&payload);
                    batch.push(token, Kind::Ping, payload.start, payload.len());
                    kept = payload.end;
                }
                Event::Pong { payload } => {
                    let payload = at(&payload);
                    batch.push(token, Kind::Pong, payload.start, payload.len());
                    kept = payload.end;
                }
                Event::Close { code, reason } => {
                    let reason = at(&reason);
                    let length = reason.len() << 16 | usize::from(code.value());
                    batch.push(token, Kind::Close, reason.start, length);
                    kept = reason.end;
                    self.flags.discarding = true;
                    break Stop::Ended;
                }
            }
        };
        (stop, kept)
    }

    /// A frame of a message is complete: remembers where, if the message has several.
    fn end_frame(&mut self, kind: MessageKind, end_of_message: bool) {
        let several = !end_of_message || !self.fragment_ends.is_empty();
        if several && matches!(kind, MessageKind::Binary) {
            let end = u32::try_from(self.message.len()).unwrap_or(u32::MAX);
            if self.fragment_ends.last().copied().unwrap_or(0) != end {
                self.fragment_ends.push(end);
            }
        }
    }

    /// Puts the assembled message into the batch, behind where its fragments end.
    fn deliver(
        &mut self,
        token: Token,
        kind: MessageKind,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
    ) -> Result<(), OutOfMemory> {
        let ends = std::mem::take(&mut self.fragment_ends);
        if ends.len() > 1 {
            let bytes: Vec<u8> = ends.iter().flat_map(|end| end.to_le_bytes()).collect();
            let mut list = Message::Empty;
            list.append(&bytes, 0, larges)?;
            let kinds = (Kind::Fragments, Kind::LargeFragments);
            put(&mut list, token, kinds, batch, larges)?;
        }
        let kinds = match kind {
            MessageKind::Text => (Kind::Text, Kind::LargeText),
            MessageKind::Binary => (Kind::Binary, Kind::LargeBinary),
        };
        put(&mut self.message, token, kinds, batch, larges)
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
        if remaining == 0 || !self.pending.is_empty() || self.flags.discarding {
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
        let offered = memory.len().min(LARGE_READ_BUDGET);
        let memory = &mut memory[..offered];
        let socket = self.transport.socket_mut()?;
        let received = Self::receive(socket, memory);
        let result = match received {
            Received::Bytes(count) => {
                let decoded = self
                    .protocol
                    .begin_chunk()
                    .and_then(|()| self.protocol.receive(&mut memory[..count]));
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

/// Puts a finished message into the batch: in the arena as the first kind, or as a large payload of
/// the second.
fn put<P>(
    message: &mut Message<P>,
    token: Token,
    (small, large): (Kind, Kind),
    batch: &mut Batch<'_>,
    larges: &mut impl LargePayloads<Payload = P>,
) -> Result<(), OutOfMemory> {
    match message.finish(larges)? {
        Finished::Small(bytes) => {
            let offset = batch.copy(&bytes);
            batch.push(token, small, offset, bytes.len());
        }
        Finished::Large { payload, length } => {
            batch.push(token, large, larges.deliver(payload), length);
        }
    }
    Ok(())
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
        let mut budget = READ_BUDGET;
        loop {
            let Some(connection) = self.connections.get_mut(slot as usize) else {
                return Served::Drained;
            };
            if !connection.wants_service() {
                return Served::Drained;
            }
            if batch.is_full() {
                return Served::BatchFull;
            }
            if budget == 0 {
                return Served::More;
            }
            let token = Token {
                slot,
                generation: connection.generation,
            };
            if connection.flags.decodable {
                connection.decode_pending(token, batch, larges);
                if connection.flags.discarding {
                    connection.message.discard(larges);
                }
                continue;
            }
            if let Transport::Stream(_) = connection.transport {
                self.serve_stream(token, batch);
                return Served::Drained;
            }
            let received = match connection.receive_large(token, now, batch, larges) {
                Some(result) => result,
                None => connection.receive_into_arena(token, now, batch, larges),
            };
            match received {
                Ok(count) => budget = budget.saturating_sub(count),
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
        self.decode_received(token, left_over + count, batch, larges);
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
    ) {
        let space = batch.space();
        let left_over = self.pending.len();
        space[..left_over].copy_from_slice(self.pending.bytes());
        space[left_over..left_over + bytes.len()].copy_from_slice(bytes);
        self.decode_received(token, left_over + bytes.len(), batch, larges);
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
        let (stop, kept) = self.decode(token, &mut range, batch, larges);
        if range.is_empty() || matches!(stop, Stop::Ended) {
            self.pending.clear();
        } else {
            self.pending.replace(batch.bytes(range));
            self.flags.decodable = matches!(stop, Stop::BatchFull);
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
    ) {
        if let Some(error) = self.error {
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
        let (stop, kept) = self.decode(token, &mut range, batch, larges);
        batch.give_back(&taken, kept);
        // Was that all there is? Then what is left waits for a read.
        let all = offered == self.pending.len();
        match stop {
            Stop::Ended => self.pending.clear(),
            Stop::NeedsMore | Stop::BatchFull => {
                self.pending.consume(range.start - taken.start);
            }
        }
        self.flags.decodable =
            !self.pending.is_empty() && (!all || matches!(stop, Stop::BatchFull));
    }
}

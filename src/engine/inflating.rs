//! Messages that arrive compressed, RFC 7692 §6.2.
//!
//! ```text
//!   frame in the arena ──► decompressed behind it: a record (the usual case)
//!                     └──► in pieces ──► message ─┬─► a record
//!                              │ more than INLINE │
//!                              ▼                  │
//!                     another thread ─────────────┘ meanwhile nothing more is decoded
//! ```

use std::ops::Range;

use super::SCALE;
use super::batch::{Batch, Kind};
use super::connection::{Connection, Side, Transport};
use super::deflation::{Codecs, Deflation};
use super::jobs::{FrameEnd, Inflate, Inflated};
use super::message::{LargePayloads, Message, OutOfMemory, SMALL_MESSAGE};
use super::reactor::Reactor;
use super::token::Token;
use crate::protocol::inflate::{Compressed, Inflater};
use crate::protocol::injection::panic_if_asked;
use crate::protocol::window::Window;
use crate::protocol::{self, MessageKind, ProtocolError, utf8};

/// Bytes of a frame, compressed or not, that are looked at here and now: about 0.3 ms. What is beyond
/// them is left to another thread.
const INLINE: usize = 256 * 1024 / SCALE;

/// Bytes of a message, compressed or not, that are looked at again here and now, if it is refused.
const EXPLAINED_INLINE: u64 = 2 * INLINE as u64;

/// Bytes that are decompressed for one connection in a turn while others wait.
pub(super) const INFLATE_BUDGET: usize = 1024 * 1024 / SCALE;

/// Where the payload of a compressed frame is.
pub(super) enum Payload {
    Arena(Range<usize>),
    Own(Vec<u8>),
}

impl Payload {
    fn len(&self) -> usize {
        match self {
            Payload::Arena(range) => range.len(),
            Payload::Own(bytes) => bytes.len(),
        }
    }
}

/// What became of a frame.
#[derive(Debug)]
pub(super) enum Inflation {
    Done,
    /// It is decompressed elsewhere: nothing more may be decoded until that is told.
    Elsewhere,
}

impl From<OutOfMemory> for ProtocolError {
    fn from(_: OutOfMemory) -> Self {
        ProtocolError::MaxPayloadExceeded
    }
}

impl<P> Connection<P> {
    /// A piece of a compressed frame has arrived. Returns the frame's payload if it is the last.
    pub(super) fn gather_frame(&mut self, piece: &[u8], end_of_frame: bool) -> Option<Payload> {
        let deflation = self.deflation.as_mut()?;
        deflation.frame.extend_from_slice(piece);
        end_of_frame.then(|| Payload::Own(std::mem::take(&mut deflation.frame)))
    }

    /// Decompresses a frame. There must be room for an event in `batch`.
    ///
    /// # Errors
    /// It is no compressed message, or too long, or no UTF-8 although it is text.
    pub(super) fn inflate_frame(
        &mut self,
        token: Token,
        frame: FrameEnd,
        payload: Payload,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
        codecs: &mut Codecs,
    ) -> Result<Inflation, ProtocolError> {
        let limit = self.inflate_limit();
        let Some(deflation) = &mut self.deflation else {
            return Err(ProtocolError::UnexpectedRsv1);
        };
        let mut inflater = match deflation.inflater.take() {
            Some(inflater) => inflater,
            None => codecs.take_inflater(deflation.receive_window.as_ref()),
        };
        let room = SMALL_MESSAGE.min(limit.saturating_add(1));
        let mut position = 0;
        let mut total = 0;
        let mut is_refused = false;
        loop {
            // A frame may bring nothing, and take long.
            if total >= INLINE || payload.len() > INLINE || is_refused {
                let concurrency = deflation.settings.concurrency;
                let bytes = match payload {
                    Payload::Own(bytes) => bytes,
                    Payload::Arena(range) => batch.bytes(range).to_vec(),
                };
                let window = deflation.receive_window.as_ref();
                let job = Inflate {
                    token,
                    frame,
                    inflater,
                    window: window.map_or(Vec::new(), |window| window.bytes().to_vec()),
                    bytes,
                    position,
                    limit: limit - total,
                };
                codecs.inflate_elsewhere(job, concurrency);
                self.flags.inflating = true;
                if let Transport::Stream(_) = self.transport {
                    batch.push(token, Kind::Congested, 0, 0);
                }
                return Ok(Inflation::Elsewhere);
            }
            let (bytes, space) = match &payload {
                Payload::Arena(range) => batch.bytes_and_space(range.clone()),
                Payload::Own(bytes) => (&bytes[..], batch.space()),
            };
            let mut source = Compressed::new(bytes, frame.fin, position);
            let length = match inflater.inflate(&mut source, &mut space[..room]) {
                Ok(length) => length,
                Err(error) if inflater.passed() <= EXPLAINED_INLINE => {
                    let window = deflation.receive_window.as_ref();
                    let window = window.map_or(&[][..], Window::bytes);
                    return Err(inflater.explain(error, window, &source));
                }
                // It is refused there once more.
                Err(_) => {
                    is_refused = true;
                    continue;
                }
            };
            position = source.position();
            total += length;
            codecs.inflated += length;
            if total > limit {
                return Err(ProtocolError::MaxPayloadExceeded);
            }
            let done = source.is_done();
            if done && frame.fin && total == length && matches!(self.message, Message::Empty) {
                self.deliver_inflated(token, frame.kind, length, batch)?;
                codecs.give_back(inflater);
                return Ok(Inflation::Done);
            }
            let declared = match done && frame.fin {
                true => 0,
                // Not known; it is made twice as large when it is full.
                false => (self.message.len() + length) as u64,
            };
            self.message.append(&space[..length], declared, larges)?;
            if done {
                self.end_inflated(token, frame, inflater, batch, larges, codecs)?;
                return Ok(Inflation::Done);
            }
        }
    }

    /// How many bytes more the message may have.
    fn inflate_limit(&self) -> usize {
        match self.protocol.limits().max_payload {
            0 => usize::MAX,
            limit => usize::try_from(limit)
                .unwrap_or(usize::MAX)
                .saturating_sub(self.message.len()),
        }
    }

    /// A whole message has been decompressed to the free part of the arena.
    fn deliver_inflated(
        &mut self,
        token: Token,
        kind: MessageKind,
        length: usize,
        batch: &mut Batch<'_>,
    ) -> Result<(), ProtocolError> {
        let range = batch.take(length);
        let offset = range.start;
        let message = &*batch.bytes(range);
        pass(&self.protocol, &mut self.deflation, kind, message)?;
        let kind = match kind {
            MessageKind::Text => Kind::Text,
            MessageKind::Binary => Kind::Binary,
        };
        batch.push(token, kind, offset, length);
        Ok(())
    }

    /// A frame has been decompressed, and is part of the message.
    fn end_inflated(
        &mut self,
        token: Token,
        frame: FrameEnd,
        inflater: Inflater,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
        codecs: &mut Codecs,
    ) -> Result<(), ProtocolError> {
        self.end_frame(frame.kind, frame.fin);
        if !frame.fin {
            if let Some(deflation) = &mut self.deflation {
                deflation.inflater = Some(inflater);
            }
            return Ok(());
        }
        codecs.give_back(inflater);
        let message = self.message.bytes(larges);
        pass(&self.protocol, &mut self.deflation, frame.kind, message)?;
        self.deliver(token, frame.kind, batch, larges)?;
        Ok(())
    }

    /// What another thread has decompressed is there.
    fn accept_inflated(
        &mut self,
        inflated: Inflated,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
        codecs: &mut Codecs,
    ) -> Result<(), ProtocolError> {
        let Inflated {
            token,
            frame,
            inflater,
            result,
        } = inflated;
        let output = result?;
        panic_if_asked("accepting", &output);
        let declared = match frame.fin {
            true => 0,
            false => (self.message.len() + output.len()) as u64,
        };
        self.message.append(&output, declared, larges)?;
        self.end_inflated(token, frame, inflater, batch, larges, codecs)
    }
}

impl<P> Reactor<P> {
    /// Goes on with a connection whose frame was decompressed elsewhere.
    pub(super) fn inflated(
        &mut self,
        inflated: Inflated,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
    ) {
        let token = inflated.token;
        let connection = match self.connections.get_mut(token.slot as usize) {
            Some(connection) if connection.generation == token.generation => connection,
            _ => return,
        };
        connection.flags.inflating = false;
        if let Transport::Stream(_) = connection.transport {
            batch.push(token, Kind::Uncongested, 0, 0);
        }
        if !connection.flags.discarding {
            let accepted = connection.accept_inflated(inflated, batch, larges, &mut self.codecs);
            if let Err(error) = accepted {
                connection.fail(token, error, batch);
                connection.message.discard(larges);
                connection.pending.clear();
                connection.flags.decodable = false;
            }
        }
        self.enqueue(token.slot);
    }

    /// A job was lost: its connection fails.
    pub(super) fn inflate_failed(&mut self, token: Token, batch: &mut Batch<'_>) {
        if let Some(connection) = self.get_mut(token) {
            let was_waiting = std::mem::take(&mut connection.flags.inflating);
            if let Transport::Stream(_) = connection.transport
                && was_waiting
            {
                // Its end has to be seen.
                batch.push(token, Kind::Uncongested, 0, 0);
            }
            self.fail_broken(token.slot, Side::Reading);
        }
    }
}

/// A message is complete: the next one may refer to it.
///
/// # Errors
/// It is text, and no UTF-8.
fn pass(
    protocol: &protocol::Connection,
    deflation: &mut Option<Box<Deflation>>,
    kind: MessageKind,
    message: &[u8],
) -> Result<(), ProtocolError> {
    if protocol.must_be_utf8(kind) && !utf8::is_valid(message) {
        return Err(ProtocolError::InvalidUtf8);
    }
    if let Some(deflation) = deflation
        && let Some(window) = &mut deflation.receive_window
    {
        window.push(message);
    }
    Ok(())
}

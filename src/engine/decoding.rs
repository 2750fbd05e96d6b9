//! What was received becomes records: frames, and messages of several frames or reads.

use std::ops::Range;

use super::batch::{Batch, Kind};
use super::connection::Connection;
use super::deflation::Codecs;
use super::inflating::{INFLATE_BUDGET, Inflation, Payload};
use super::jobs::FrameEnd;
use super::message::{Finished, LargePayloads, Message, OutOfMemory};
use super::token::Token;
use crate::protocol::injection::panic_if_asked;
use crate::protocol::{Event, MessageKind, ProtocolError};

/// How decoding stopped.
pub(super) enum Stop {
    /// All was used, or the rest is an unfinished header or control frame.
    NeedsMore,
    BatchFull,
    /// A message is being decompressed elsewhere, or enough were for this turn.
    Later,
    /// A close frame or an error: nothing more is decoded.
    Ended,
}

impl<P> Connection<P> {
    /// The peer broke the protocol, or its message cannot be held.
    pub(super) fn fail(&mut self, token: Token, error: ProtocolError, batch: &mut Batch<'_>) {
        self.set_error(error);
        self.flags.discarding = true;
        batch.push(token, Kind::Error, 0, 0);
    }

    /// Decodes what lies at `range` in the arena, and moves the start of `range` behind what was
    /// used. Returns the end of the last payload that a record points at, too.
    pub(super) fn decode(
        &mut self,
        token: Token,
        range: &mut Range<usize>,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
        codecs: &mut Codecs,
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
                Err(error) => {
                    self.fail(token, error, batch);
                    break Stop::Ended;
                }
            };
            let start = range.start;
            let at = |payload: &Range<usize>| start + payload.start..start + payload.end;
            range.start += decoded.consumed;
            match decoded.event {
                Event::Message {
                    kind,
                    compressed: false,
                    payload,
                } => {
                    let payload = at(&payload);
                    panic_if_asked("reading", batch.bytes(payload.clone()));
                    let kind = match kind {
                        MessageKind::Text => Kind::Text,
                        MessageKind::Binary => Kind::Binary,
                    };
                    batch.push(token, kind, payload.start, payload.len());
                    kept = payload.end;
                }
                Event::Payload {
                    kind,
                    compressed: false,
                    payload,
                    end_of_frame,
                    end_of_message,
                } => {
                    let declared = self.protocol.message_length();
                    let piece = batch.bytes(at(&payload));
                    panic_if_asked("assembling", piece);
                    let appended = self.message.append(piece, declared, larges);
                    if end_of_frame {
                        self.end_frame(kind, end_of_message);
                    }
                    let delivered = appended.and_then(|()| match end_of_message {
                        true => self.deliver(token, kind, batch, larges),
                        false => Ok(()),
                    });
                    if let Err(error) = delivered {
                        self.fail(token, error.into(), batch);
                        break Stop::Ended;
                    }
                }
                Event::Message { kind, payload, .. } => {
                    let payload = Payload::Arena(at(&payload));
                    let frame = FrameEnd { kind, fin: true };
                    if let Some(stop) =
                        self.decode_compressed(token, frame, payload, batch, larges, codecs)
                    {
                        break stop;
                    }
                }
                Event::Payload {
                    kind,
                    payload,
                    end_of_frame,
                    end_of_message,
                    ..
                } => {
                    let piece = batch.bytes(at(&payload));
                    let fin = end_of_message;
                    let frame = FrameEnd { kind, fin };
                    if let Some(payload) = self.gather_frame(piece, end_of_frame)
                        && let Some(stop) =
                            self.decode_compressed(token, frame, payload, batch, larges, codecs)
                    {
                        break stop;
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

    /// A compressed frame is complete. Returns why nothing more is to be decoded, if so.
    fn decode_compressed(
        &mut self,
        token: Token,
        frame: FrameEnd,
        payload: Payload,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
        codecs: &mut Codecs,
    ) -> Option<Stop> {
        match self.inflate_frame(token, frame, payload, batch, larges, codecs) {
            Ok(Inflation::Done) if codecs.inflated < INFLATE_BUDGET => None,
            Ok(Inflation::Done | Inflation::Elsewhere) => Some(Stop::Later),
            Err(error) => {
                self.fail(token, error, batch);
                Some(Stop::Ended)
            }
        }
    }

    /// A frame of a message is complete: remembers where, if the message has several.
    pub(super) fn end_frame(&mut self, kind: MessageKind, end_of_message: bool) {
        let several = !end_of_message || !self.fragment_ends().is_empty();
        if several && matches!(kind, MessageKind::Binary) {
            let end = u32::try_from(self.message.len()).unwrap_or(u32::MAX);
            if self.fragment_ends().last().copied().unwrap_or(0) != end {
                self.push_fragment_end(end);
            }
        }
    }

    /// Puts the assembled message into the batch, behind where its fragments end.
    pub(super) fn deliver(
        &mut self,
        token: Token,
        kind: MessageKind,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
    ) -> Result<(), OutOfMemory> {
        let ends = self.take_fragment_ends();
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

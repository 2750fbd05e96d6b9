//! Receiving data, RFC 6455 §5 and §6.2: the decoder of one connection.

use std::ops::Range;

use super::header::{HeaderStart, KEY_LENGTH, MAX_CONTROL_PAYLOAD, START_LENGTH};
use super::injection::panic_if_asked;
use super::message::Message;
use super::utf8::Utf8Stream;
use super::{CloseCode, ClosePayload, Limits, MessageKind, Opcode, ProtocolError, mask, utf8};

/// Which end of the connection we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Server,
    Client,
}

/// What [`Connection::receive`] found at the start of its input; ranges are of that input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) event: Event,
    /// Bytes of the input that the event, with its header, has used up.
    pub(crate) consumed: usize,
}

/// Payloads are unmasked in place; text that is not compressed, and close reasons, are valid UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A message in one frame that lies wholly in the input.
    Message {
        kind: MessageKind,
        compressed: bool,
        payload: Range<usize>,
    },
    /// A piece of a message's payload, in order. It is empty if only the header has come or the
    /// fragment is empty. A piece of text may end within a UTF-8 sequence.
    Payload {
        kind: MessageKind,
        compressed: bool,
        payload: Range<usize>,
        end_of_frame: bool,
        end_of_message: bool,
    },
    Ping {
        payload: Range<usize>,
    },
    Pong {
        payload: Range<usize>,
    },
    /// An empty close frame has the code [`CloseCode::NO_STATUS`].
    Close {
        code: CloseCode,
        reason: Range<usize>,
    },
}

/// The receiving half of a connection. It holds no bytes but those of a UTF-8 sequence cut in two.
///
/// For each read of the transport, call [`begin_chunk`](Self::begin_chunk), then
/// [`receive`](Self::receive) with all bytes not yet consumed, until it asks for more:
///
/// - `Ok(Some(decoded))`: an event. Drop `decoded.consumed` bytes and call again.
/// - `Ok(None)`: the rest is not enough. Keep it and offer it again with more behind it. It is at
///   most a header without its last byte (13 bytes) or a control frame without its last byte. A data
///   frame's payload is never left over: it comes out in pieces as it arrives. So while
///   [`frame_remaining`](Self::frame_remaining) is not 0, nothing is kept and the next bytes are
///   payload, which may be read straight to where they shall stay.
/// - `Err(error)`: the peer is wrong, found at the earliest byte that shows it. Fail the connection.
///
/// An error and [`Event::Close`] are the end: from then on every input is ignored
/// (`begin_chunk` gives `Ok(())`, `receive` gives `Ok(None)`).
pub(crate) struct Connection {
    limits: Limits,
    message: Message,
    stage: Stage,
    utf8: Utf8Stream,
    /// Reads of which bytes wait for the step under way (a part of a header, or a payload) to be
    /// complete.
    buffered_chunks: u32,
    /// Bytes of the unfinished header that an earlier `receive` has looked at.
    header_seen: u8,
    role: Role,
    /// permessage-deflate is in use.
    compression: bool,
}

#[derive(Clone, Copy)]
enum Stage {
    /// Between frames, or within the header of one, or within a control frame.
    Header,
    /// Within the payload of a data frame.
    Payload(DataFrame),
    /// After a close frame or an error.
    Ended,
}

/// A data frame whose header is complete.
#[derive(Clone, Copy)]
struct DataFrame {
    /// Bytes of the payload still to come.
    remaining: u64,
    /// Turned so that it starts with the octet for the next byte; zeros in a client.
    key: [u8; KEY_LENGTH],
    kind: MessageKind,
    compressed: bool,
    fin: bool,
}

impl Connection {
    pub(crate) fn new(role: Role, limits: Limits) -> Self {
        Self {
            limits,
            message: Message::default(),
            stage: Stage::Header,
            utf8: Utf8Stream::default(),
            buffered_chunks: 0,
            header_seen: 0,
            role,
            compression: false,
        }
    }

    /// permessage-deflate was agreed on: messages may be compressed (RFC 7692 §6).
    pub(crate) fn accept_compression(&mut self) {
        self.compression = true;
    }

    /// What it accepts from the peer.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Says that one read of the transport begins.
    ///
    /// # Errors
    /// An unfinished header, control frame or payload has already taken `max_buffered_chunks` reads.
    pub(crate) fn begin_chunk(&mut self) -> Result<(), ProtocolError> {
        if matches!(self.stage, Stage::Ended) {
            return Ok(());
        }
        let max = self.limits.max_buffered_chunks;
        if max > 0 && self.buffered_chunks >= max {
            self.stage = Stage::Ended;
            return Err(ProtocolError::TooManyBufferedChunks);
        }
        self.buffered_chunks = self.buffered_chunks.saturating_add(1);
        Ok(())
    }

    /// Decodes the next event at the start of `input`.
    ///
    /// # Errors
    /// The peer broke the protocol or a limit.
    #[inline]
    pub(crate) fn receive(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        let result = match self.stage {
            Stage::Header => self.receive_frame(input),
            Stage::Payload(_) if input.is_empty() => Ok(None),
            Stage::Payload(frame) => self.receive_payload(frame, input, 0).map(Some),
            Stage::Ended => Ok(None),
        };
        if result.is_err() {
            self.stage = Stage::Ended;
        }
        result
    }

    /// Which end it is.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Bytes of the current data frame's payload still to come; 0 between frames.
    pub(crate) fn frame_remaining(&self) -> u64 {
        match self.stage {
            Stage::Payload(frame) => frame.remaining,
            Stage::Header | Stage::Ended => 0,
        }
    }

    /// Whether the current data frame is one of a compressed message.
    pub(crate) fn frame_is_compressed(&self) -> bool {
        matches!(self.stage, Stage::Payload(frame) if frame.compressed)
    }

    /// Bytes: the sum of the payload lengths that the current message's frames have declared so
    /// far; 0 between messages.
    pub(crate) fn message_length(&self) -> u64 {
        self.message.length()
    }

    #[inline]
    fn receive_frame(&mut self, input: &mut [u8]) -> Result<Option<Decoded>, ProtocolError> {
        let Some(start) = HeaderStart::decode(input) else {
            return Ok(self.need_more(0, input));
        };
        let data = self.check(start)?;
        let Some((length, key_at)) = start.length(input)? else {
            return Ok(self.need_more(START_LENGTH, input));
        };
        let message = match data {
            Some((kind, compressed)) => {
                let limits = &self.limits;
                let message = self.message.with_frame(kind, compressed, length, limits)?;
                Some((kind, compressed, message))
            }
            None => None,
        };
        let (key, payload_at) = if start.masked() {
            let Some(key) = input[key_at..].first_chunk() else {
                return Ok(self.need_more(key_at, input));
            };
            (*key, key_at + KEY_LENGTH)
        } else {
            ([0; KEY_LENGTH], key_at)
        };
        let complete = length <= (input.len() - payload_at) as u64;

        let Some((kind, compressed, message)) = message else {
            if !complete {
                return Ok(self.need_more(payload_at, input));
            }
            let payload = payload_at..payload_at + length as usize;
            return self
                .receive_control(start.opcode(), key, payload, input)
                .map(Some);
        };

        if complete && start.fin() && start.opcode() != Opcode::CONTINUATION {
            let payload = payload_at..payload_at + length as usize;
            let bytes = &mut input[payload.clone()];
            mask::apply(bytes, key);
            panic_if_asked("decoding", bytes);
            if !compressed && self.must_be_utf8(kind) && !utf8::is_valid(bytes) {
                return Err(ProtocolError::InvalidUtf8);
            }
            let consumed = payload.end;
            self.step_done(input.len() - consumed);
            let event = Event::Message {
                kind,
                compressed,
                payload,
            };
            return Ok(Some(Decoded { event, consumed }));
        }

        self.message = message;
        self.step_done(input.len() - payload_at);
        let frame = DataFrame {
            remaining: length,
            key,
            kind,
            compressed,
            fin: start.fin(),
        };
        self.receive_payload(frame, input, payload_at).map(Some)
    }

    /// Checks the first two bytes of a header. Returns the kind of message that a data frame belongs
    /// to and whether it is compressed, `None` for a control frame.
    #[inline]
    fn check(&self, start: HeaderStart) -> Result<Option<(MessageKind, bool)>, ProtocolError> {
        // §5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero
        // values."
        if start.rsv2_3() {
            return Err(ProtocolError::UnexpectedRsv23);
        }
        if start.rsv1() && !self.compression {
            return Err(ProtocolError::UnexpectedRsv1);
        }
        // RFC 7692 §6: "An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames
        // and non-first fragments of a data message."
        let data = match start.opcode() {
            Opcode::CLOSE | Opcode::PING | Opcode::PONG => {
                self.check_control(start)?;
                None
            }
            Opcode::CONTINUATION if start.rsv1() => return Err(ProtocolError::UnexpectedRsv1),
            opcode => {
                let kind = self.message.kind_of_frame(opcode)?;
                let compressed = start.rsv1() || self.message.is_compressed();
                Some((kind, compressed))
            }
        };
        // §5.1: "The server MUST close the connection upon receiving a frame that is not masked." "A
        // client MUST close a connection if it detects a masked frame."
        match (self.role, start.masked()) {
            (Role::Server, false) => Err(ProtocolError::ExpectedMask),
            (Role::Client, true) => Err(ProtocolError::UnexpectedMask),
            (Role::Server, true) | (Role::Client, false) => Ok(data),
        }
    }

    fn check_control(&self, start: HeaderStart) -> Result<(), ProtocolError> {
        // §5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
        // fragmented."
        if !start.fin() {
            return Err(ProtocolError::ExpectedFin);
        }
        if start.rsv1() {
            return Err(ProtocolError::UnexpectedRsv1);
        }
        let length = start.short_length();
        if usize::from(length) > MAX_CONTROL_PAYLOAD
            || (start.opcode() == Opcode::CLOSE && length == 1)
        {
            return Err(ProtocolError::InvalidControlPayloadLength(length));
        }
        Ok(())
    }

    /// A control frame, complete in the input. §5.4: "Control frames … MAY be injected in the middle
    /// of a fragmented message."
    fn receive_control(
        &mut self,
        opcode: Opcode,
        key: [u8; KEY_LENGTH],
        payload: Range<usize>,
        input: &mut [u8],
    ) -> Result<Decoded, ProtocolError> {
        let consumed = payload.end;
        let bytes = &mut input[payload.clone()];
        mask::apply(bytes, key);
        let event = match opcode {
            Opcode::PING => Event::Ping { payload },
            Opcode::PONG => Event::Pong { payload },
            _ => {
                let close = ClosePayload::decode(bytes, self.limits.skip_utf8_validation)?;
                self.stage = Stage::Ended;
                let reason = consumed - close.reason.len()..consumed;
                let code = close.code;
                Event::Close { code, reason }
            }
        };
        self.step_done(input.len() - consumed);
        Ok(Decoded { event, consumed })
    }

    /// What the input holds of a data frame's payload, from `from` on.
    fn receive_payload(
        &mut self,
        mut frame: DataFrame,
        input: &mut [u8],
        from: usize,
    ) -> Result<Decoded, ProtocolError> {
        let length = frame.remaining.min((input.len() - from) as u64);
        let consumed = from + length as usize;
        let bytes = &mut input[from..consumed];
        mask::apply_piece(bytes, &mut frame.key);
        panic_if_asked("decoding", bytes);
        frame.remaining -= length;

        let end_of_frame = frame.remaining == 0;
        let end_of_message = end_of_frame && frame.fin;
        if !frame.compressed && self.must_be_utf8(frame.kind) {
            self.utf8.push(bytes, end_of_message)?;
        }
        if end_of_frame {
            self.stage = Stage::Header;
            self.step_done(input.len() - consumed);
        } else {
            self.stage = Stage::Payload(frame);
        }
        if end_of_message {
            self.message = Message::default();
        }
        let event = Event::Payload {
            kind: frame.kind,
            compressed: frame.compressed,
            payload: from..consumed,
            end_of_frame,
            end_of_message,
        };
        Ok(Decoded { event, consumed })
    }

    /// Whether a message of this kind has to be checked, RFC 6455 §8.1.
    #[inline]
    pub(crate) fn must_be_utf8(&self, kind: MessageKind) -> bool {
        kind == MessageKind::Text && !self.limits.skip_utf8_validation
    }

    /// Reports that the input ends within a frame of which `seen` bytes, whole parts of its header,
    /// are there. ws counts the reads of each part by itself.
    #[cold]
    fn need_more(&mut self, seen: usize, input: &[u8]) -> Option<Decoded> {
        let seen_before = usize::from(self.header_seen);
        if seen > seen_before {
            self.step_done(input.len() - seen);
            self.header_seen = seen as u8;
        }
        None
    }

    /// Starts to count reads anew: of the current one, `rest` bytes are left for the next step.
    #[inline]
    fn step_done(&mut self, rest: usize) {
        self.buffered_chunks = u32::from(rest > 0);
        self.header_seen = 0;
    }
}

//! Decoding without a connection: what the `Receiver` of `lib/` is made of. The bytes stay where
//! JavaScript has them.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::connection::role_and_limits;
use super::error::{ProtocolErrorFacts, facts};
use crate::protocol::connection::Decoded;
use crate::protocol::{Connection, Event, MessageKind, ProtocolError};

/// What was decoded is told in records of `(kind, start, end, code)`: what it is, where its payload
/// lies in the input, and the status code of a close frame; for a data frame 1 if its message is
/// compressed.
const RECORD_FIELDS: usize = 4;

/// What a record tells.
#[napi]
pub enum DecodedKind {
    /// A piece of a frame that goes on. It may be empty.
    Piece,
    /// The last piece of a frame whose message goes on.
    Fragment,
    /// The last piece of a text message.
    Text,
    /// The last piece of a binary message.
    Binary,
    Ping,
    Pong,
    /// Nothing is decoded behind it.
    Close,
    /// The peer broke the protocol or a limit, as [`Decoder::error`] says. Nothing is decoded
    /// behind it.
    Error,
}

/// The receiving half of a connection, over chunks of bytes (RFC 6455 §5 and §6.2).
#[napi]
pub struct Decoder {
    connection: Connection,
    error: Option<ProtocolError>,
}

#[napi]
impl Decoder {
    /// Limits of 0 mean none. With `compression`, messages may be compressed (RFC 7692); those that
    /// are come as they are, and their text unchecked.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        is_server: bool,
        max_payload: f64,
        max_fragments: u32,
        max_buffered_chunks: u32,
        skip_utf8_validation: bool,
        compression: bool,
    ) -> Self {
        let (role, limits) = role_and_limits(
            is_server,
            max_payload,
            max_fragments,
            max_buffered_chunks,
            skip_utf8_validation,
        );
        let mut connection = Connection::new(role, limits);
        if compression {
            connection.accept_compression();
        }
        Decoder {
            connection,
            error: None,
        }
    }

    /// Decodes `input` from byte `from` on, unmasking payloads in place, and returns how many of
    /// `records` it has filled: all of them if there may be more, which the next call decodes from
    /// where the last payload ends. Otherwise what is behind the last payload is an unfinished
    /// header or control frame: the next chunk's input starts with it.
    ///
    /// `from` is 0 at the beginning of a chunk and only then.
    #[napi(catch_unwind)]
    pub fn decode(
        &mut self,
        mut input: Uint8ArraySlice<'_>,
        from: f64,
        mut records: Float64ArraySlice<'_>,
    ) -> u32 {
        // SAFETY: the caller's own, two different ones, not shared with other threads; and
        // JavaScript does not run meanwhile.
        let (input, records) = unsafe { (input.as_mut(), records.as_mut()) };
        let mut from = from as usize;
        let mut begun = if from == 0 {
            self.connection.begin_chunk()
        } else {
            Ok(())
        };
        let mut count = 0;
        for record in records.chunks_exact_mut(RECORD_FIELDS) {
            let rest = input.get_mut(from..).unwrap_or_default();
            match begun.and_then(|()| self.connection.receive(rest)) {
                Ok(None) => break,
                Ok(Some(Decoded { event, consumed })) => {
                    let (kind, length, code) = describe(event);
                    from += consumed;
                    // A payload ends where its event does.
                    record.copy_from_slice(&[
                        f64::from(kind as u8),
                        (from - length) as f64,
                        from as f64,
                        f64::from(code),
                    ]);
                }
                Err(error) => {
                    self.error = Some(error);
                    record.copy_from_slice(&[
                        f64::from(DecodedKind::Error as u8),
                        from as f64,
                        from as f64,
                        0.0,
                    ]);
                    // Nothing follows it: the connection has ended, and says so.
                    begun = Ok(());
                }
            }
            count += 1;
        }
        count
    }

    /// How the peer broke the protocol, if it did.
    #[napi(catch_unwind)]
    pub fn error(&self) -> Option<ProtocolErrorFacts> {
        self.error.map(facts)
    }
}

/// The kind of an event, the length of its payload in bytes, and the code of its record.
fn describe(event: Event) -> (DecodedKind, usize, u16) {
    let last = |kind| match kind {
        MessageKind::Text => DecodedKind::Text,
        MessageKind::Binary => DecodedKind::Binary,
    };
    match event {
        Event::Message {
            kind,
            compressed,
            payload,
        } => (last(kind), payload.len(), compressed.into()),
        Event::Payload {
            kind,
            compressed,
            payload,
            end_of_frame,
            end_of_message,
        } => {
            let kind = match (end_of_message, end_of_frame) {
                (true, _) => last(kind),
                (false, true) => DecodedKind::Fragment,
                (false, false) => DecodedKind::Piece,
            };
            (kind, payload.len(), compressed.into())
        }
        Event::Ping { payload } => (DecodedKind::Ping, payload.len(), 0),
        Event::Pong { payload } => (DecodedKind::Pong, payload.len(), 0),
        Event::Close { code, reason } => (DecodedKind::Close, reason.len(), code.value()),
    }
}

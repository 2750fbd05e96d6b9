//! Plays a transport and the engine: cuts a stream of bytes into reads, keeps what the decoder
//! leaves, and puts messages together. Also used by the fuzz targets.

use super::{Connection, Event, Limits, MessageKind, ProtocolError, Role};

/// What a connection delivered, and the error that ended it, if one did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) items: Vec<Item>,
    pub(crate) error: Option<ProtocolError>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Text(String),
    Binary(Vec<u8>),
    /// A message as it arrived, with RSV1 (RFC 7692 §6).
    Compressed(MessageKind, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// Code and reason.
    Close(u16, Vec<u8>),
}

impl Item {
    pub(crate) fn message(kind: MessageKind, compressed: bool, payload: Vec<u8>) -> Self {
        match kind {
            _ if compressed => Self::Compressed(kind, payload),
            MessageKind::Text => Self::Text(String::from_utf8(payload).expect("text is UTF-8")),
            MessageKind::Binary => Self::Binary(payload),
        }
    }
}

/// The longest thing that may be left over: a control frame without its last byte.
const MAX_LEFTOVER: usize = 2 + 4 + 125 - 1;

/// Replays a stream that arrives in the given reads.
pub(crate) fn replay<'a>(
    role: Role,
    limits: Limits,
    reads: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    replay_on(Connection::new(role, limits), reads)
}

/// The same where permessage-deflate was agreed on.
pub(crate) fn replay_compressed<'a>(
    role: Role,
    limits: Limits,
    reads: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let mut connection = Connection::new(role, limits);
    connection.accept_compression();
    replay_on(connection, reads)
}

fn replay_on<'a>(mut connection: Connection, reads: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut partial = Vec::new();
    let mut kept = Vec::new();
    for read in reads {
        if let Err(error) = connection.begin_chunk() {
            outcome.error = Some(error);
            return outcome;
        }
        kept.extend_from_slice(read);
        loop {
            let expected = connection.frame_remaining();
            let decoded = match connection.receive(&mut kept) {
                Ok(None) => break,
                Ok(Some(decoded)) => decoded,
                Err(error) => {
                    outcome.error = Some(error);
                    assert_ended(&mut connection);
                    return outcome;
                }
            };
            assert!(decoded.consumed > 0, "an event without a byte");
            let slice = |range: std::ops::Range<usize>| kept[range].to_vec();
            let item = match decoded.event {
                Event::Message {
                    kind,
                    compressed,
                    payload,
                } => {
                    assert!(partial.is_empty() && connection.message_length() == 0);
                    Some(Item::message(kind, compressed, slice(payload)))
                }
                Event::Payload {
                    kind,
                    compressed,
                    payload,
                    end_of_frame,
                    end_of_message,
                } => {
                    let remaining = connection.frame_remaining();
                    if expected > 0 {
                        assert_eq!(payload, 0..decoded.consumed, "nothing but payload");
                        assert_eq!(expected - payload.len() as u64, remaining);
                    }
                    assert_eq!(end_of_frame, remaining == 0);
                    partial.extend_from_slice(&kept[payload]);
                    let length = if end_of_message {
                        0
                    } else {
                        partial.len() as u64 + remaining
                    };
                    assert_eq!(connection.message_length(), length, "what was declared");
                    let frame_goes_on = remaining > 0;
                    assert_eq!(
                        connection.frame_is_compressed(),
                        compressed && frame_goes_on
                    );
                    end_of_message
                        .then(|| Item::message(kind, compressed, std::mem::take(&mut partial)))
                }
                Event::Ping { payload } => Some(Item::Ping(slice(payload))),
                Event::Pong { payload } => Some(Item::Pong(slice(payload))),
                Event::Close { code, reason } => {
                    outcome.items.push(Item::Close(code.value(), slice(reason)));
                    assert_ended(&mut connection);
                    return outcome;
                }
            };
            outcome.items.extend(item);
            kept.drain(..decoded.consumed);
        }
        assert!(kept.len() <= MAX_LEFTOVER, "{} bytes left over", kept.len());
        assert!(kept.is_empty() || connection.frame_remaining() == 0);
    }
    outcome
}

/// After an error and after a close frame, every input is ignored.
fn assert_ended(connection: &mut Connection) {
    assert_eq!(connection.begin_chunk(), Ok(()));
    assert_eq!(connection.receive(&mut [0xff; 16]), Ok(None));
    assert_eq!(connection.frame_remaining(), 0);
}

/// Replays a stream whole, byte by byte, and cut once at every position, under Miri at some; the outcome
/// must be the same each time.
pub(crate) fn replay_all_ways(role: Role, limits: Limits, stream: &[u8]) -> Outcome {
    let whole = replay(role, limits, [stream]);
    assert_eq!(
        whole,
        replay(role, limits, stream.chunks(1)),
        "byte by byte"
    );
    for at in (1..stream.len()).step_by(if cfg!(miri) { 7 } else { 1 }) {
        let (head, tail) = stream.split_at(at);
        assert_eq!(whole, replay(role, limits, [head, tail]), "cut at {at}");
    }
    whole
}

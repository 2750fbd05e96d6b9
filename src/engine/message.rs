//! A message that is being assembled from pieces.
//!
//! Small ones grow in a `Vec`; one of [`SMALL_MESSAGE`] bytes or more is received straight into
//! the buffer that the user will be given. A declared length reserves nothing: capacity follows
//! the bytes that arrived, at most [`GROWTH`] times as many.

use super::SCALE;
use crate::protocol::FrameHeader;

/// Messages of at least this many bytes become large payloads.
pub(crate) const SMALL_MESSAGE: usize = 64 * 1024 / SCALE;

/// A buffer's capacity is at most this many times the bytes that arrived for it, header included: of
/// a message of 1 MiB, one read of 64 KiB is enough for all of it.
const GROWTH: usize = 16;

/// Buffers for large messages, which their receiver keeps.
pub(crate) trait LargePayloads {
    type Payload;

    /// A buffer of exactly `capacity` bytes of any content, or `None` if there is no memory.
    fn allocate(&mut self, capacity: usize) -> Option<Self::Payload>;

    /// The buffer's memory.
    fn bytes<'a>(&self, payload: &'a mut Self::Payload) -> &'a mut [u8];

    /// Sends the buffer with the current batch and returns its index there.
    fn deliver(&mut self, payload: Self::Payload) -> usize;

    /// Frees a buffer that will not be delivered.
    fn release(&mut self, payload: Self::Payload);
}

/// There is no memory for the message.
#[derive(Debug)]
pub(crate) struct OutOfMemory;

/// The payload received so far.
pub(crate) enum Message<P> {
    /// No message, or one whose payload is empty so far.
    Empty,
    Small(Vec<u8>),
    Large {
        payload: P,
        length: usize,
    },
}

/// A finished message.
pub(crate) enum Finished<P> {
    Small(Vec<u8>),
    /// The first `length` bytes of `payload`.
    Large {
        payload: P,
        length: usize,
    },
}

impl<P> Message<P> {
    /// Appends `piece` to a message whose declared length is `declared` bytes so far, or 0 if
    /// this is its last piece.
    ///
    /// # Errors
    /// [`OutOfMemory`]; the message is then useless.
    pub(crate) fn append(
        &mut self,
        piece: &[u8],
        declared: u64,
        larges: &mut impl LargePayloads<Payload = P>,
    ) -> Result<(), OutOfMemory> {
        if piece.is_empty() {
            return Ok(());
        }
        if let Message::Empty = self {
            *self = Message::Small(Vec::new());
        }
        match self {
            Message::Empty => Ok(()),
            Message::Small(bytes) => {
                let received = bytes.len() + piece.len();
                let capacity = capacity(received, received, declared);
                let will_be_large = declared >= SMALL_MESSAGE as u64;
                if received < SMALL_MESSAGE && !(will_be_large && capacity as u64 >= declared) {
                    bytes.extend_from_slice(piece);
                    return Ok(());
                }
                let mut payload = larges.allocate(capacity).ok_or(OutOfMemory)?;
                let memory = larges.bytes(&mut payload);
                memory[..bytes.len()].copy_from_slice(bytes);
                memory[bytes.len()..received].copy_from_slice(piece);
                *self = Message::Large {
                    payload,
                    length: received,
                };
                Ok(())
            }
            Message::Large { payload, length } => {
                let received = *length + piece.len();
                reserve(payload, *length, received, declared, larges)?;
                larges.bytes(payload)[*length..received].copy_from_slice(piece);
                *length = received;
                Ok(())
            }
        }
    }

    /// Where the next bytes of a large message can be received directly, if it is large: at
    /// least one byte and at most `remaining`. [`Message::received`] says how many came.
    ///
    /// # Errors
    /// [`OutOfMemory`]; the message is then useless.
    pub(crate) fn spare<'a>(
        &'a mut self,
        remaining: u64,
        declared: u64,
        larges: &mut impl LargePayloads<Payload = P>,
    ) -> Result<Option<&'a mut [u8]>, OutOfMemory> {
        let Message::Large { payload, length } = self else {
            return Ok(None);
        };
        reserve(payload, *length, *length + 1, declared, larges)?;
        let memory = &mut larges.bytes(payload)[*length..];
        let most = usize::try_from(remaining)
            .unwrap_or(usize::MAX)
            .min(memory.len());
        Ok(Some(&mut memory[..most]))
    }

    /// `count` bytes were written to the memory of [`Message::spare`].
    pub(crate) fn received(&mut self, count: usize) {
        if let Message::Large { length, .. } = self {
            *length += count;
        }
    }

    /// Bytes received so far.
    pub(crate) fn len(&self) -> usize {
        match self {
            Message::Empty => 0,
            Message::Small(bytes) => bytes.len(),
            Message::Large { length, .. } => *length,
        }
    }

    /// What was received so far.
    pub(crate) fn bytes<'a>(
        &'a mut self,
        larges: &'a mut impl LargePayloads<Payload = P>,
    ) -> &'a [u8] {
        match self {
            Message::Empty => &[],
            Message::Small(bytes) => bytes,
            Message::Large { payload, length } => &larges.bytes(payload)[..*length],
        }
    }

    /// Takes the finished message. No buffer is kept that is more than a quarter larger than
    /// the message in it.
    ///
    /// # Errors
    /// [`OutOfMemory`]; the message is then lost.
    pub(crate) fn finish(
        &mut self,
        larges: &mut impl LargePayloads<Payload = P>,
    ) -> Result<Finished<P>, OutOfMemory> {
        match std::mem::replace(self, Message::Empty) {
            Message::Empty => Ok(Finished::Small(Vec::new())),
            Message::Small(bytes) => Ok(Finished::Small(bytes)),
            Message::Large {
                mut payload,
                length,
            } => {
                let memory = larges.bytes(&mut payload);
                if memory.len() - length <= length / 4 && length <= i32::MAX as usize {
                    return Ok(Finished::Large { payload, length });
                }
                let exact = if memory.len() == length {
                    payload
                } else {
                    let mut exact = larges.allocate(length).ok_or(OutOfMemory)?;
                    let from = larges.bytes(&mut payload);
                    larges.bytes(&mut exact).copy_from_slice(&from[..length]);
                    larges.release(payload);
                    exact
                };
                Ok(Finished::Large {
                    payload: exact,
                    length,
                })
            }
        }
    }

    /// Drops what was received.
    pub(crate) fn discard(&mut self, larges: &mut impl LargePayloads<Payload = P>) {
        if let Message::Large { payload, .. } = std::mem::replace(self, Message::Empty) {
            larges.release(payload);
        }
    }
}

/// The capacity for a message of which `received` bytes are here or about to be, and which has
/// outgrown a buffer of `current` bytes. `declared` is 0 when the message is complete.
fn capacity(received: usize, current: usize, declared: u64) -> usize {
    let declared = usize::try_from(declared).unwrap_or(usize::MAX);
    // Frames of a fragmented message are declared one by one: at least quadruple, so that little
    // is copied; yet never far beyond what arrived.
    let wanted = match declared {
        0 => received,
        _ if declared > received => declared,
        _ => current.saturating_mul(4),
    };
    let arrived = received.saturating_add(FrameHeader::MAX_LENGTH);
    wanted.min(arrived.saturating_mul(GROWTH)).max(received)
}

/// Makes room for `needed` bytes in `payload`, of which the first `length` are in use.
fn reserve<P>(
    payload: &mut P,
    length: usize,
    needed: usize,
    declared: u64,
    larges: &mut impl LargePayloads<Payload = P>,
) -> Result<(), OutOfMemory> {
    let current = larges.bytes(payload).len();
    if needed <= current {
        return Ok(());
    }
    let mut grown = larges
        .allocate(capacity(needed, current, declared))
        .ok_or(OutOfMemory)?;
    larges.bytes(&mut grown)[..length].copy_from_slice(&larges.bytes(payload)[..length]);
    larges.release(std::mem::replace(payload, grown));
    Ok(())
}

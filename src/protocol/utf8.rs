//! UTF-8 that comes in pieces, RFC 6455 §8.1: "When an endpoint is to interpret a byte stream as
//! UTF-8 but finds that the byte stream is not, in fact, a valid UTF-8 stream, that endpoint MUST
//! _Fail the WebSocket Connection_."

use std::str;

use super::ProtocolError;

/// The longest sequence that is still incomplete.
const MAX_PENDING: usize = 3;

/// Whether `bytes` are UTF-8 as a whole.
#[inline]
pub(crate) fn is_valid(bytes: &[u8]) -> bool {
    simdutf8::basic::from_utf8(bytes).is_ok()
}

/// Validates a text that arrives in pieces; fails with the piece that holds the first wrong byte.
#[derive(Clone, Copy, Default)]
pub(super) struct Utf8Stream {
    /// The beginning of a sequence that the last piece cut.
    pending: [u8; MAX_PENDING],
    pending_length: u8,
}

impl Utf8Stream {
    /// Validates the next piece, `last` if the text ends with it.
    ///
    /// # Errors
    /// The text so far is not the beginning of a valid one, or ends within a sequence.
    pub(super) fn push(&mut self, piece: &[u8], last: bool) -> Result<(), ProtocolError> {
        let rest = self.complete_pending(piece)?;
        let cut = rest.len() - incomplete_length(rest);
        let (whole, incomplete) = rest.split_at(cut);
        if !is_valid(whole) {
            return Err(ProtocolError::InvalidUtf8);
        }
        if !incomplete.is_empty() {
            self.keep(incomplete)?;
        }
        if last && self.pending_length > 0 {
            return Err(ProtocolError::InvalidUtf8);
        }
        Ok(())
    }

    /// Adds what is missing of the sequence cut before, and returns what follows it.
    fn complete_pending<'a>(&mut self, piece: &'a [u8]) -> Result<&'a [u8], ProtocolError> {
        let have = usize::from(self.pending_length);
        if have == 0 {
            return Ok(piece);
        }
        let wanted = sequence_length(self.pending[0]);
        let taken = piece.len().min(wanted - have);
        let mut sequence = [0; MAX_PENDING + 1];
        sequence[..have].copy_from_slice(&self.pending[..have]);
        sequence[have..have + taken].copy_from_slice(&piece[..taken]);
        let sequence = &sequence[..have + taken];
        if sequence.len() < wanted {
            self.keep(sequence)?;
        } else if is_valid(sequence) {
            self.pending_length = 0;
        } else {
            return Err(ProtocolError::InvalidUtf8);
        }
        Ok(&piece[taken..])
    }

    /// Keeps an incomplete sequence, unless it can no longer become a valid one.
    fn keep(&mut self, sequence: &[u8]) -> Result<(), ProtocolError> {
        match str::from_utf8(sequence) {
            Err(error) if error.error_len().is_none() => {
                self.pending[..sequence.len()].copy_from_slice(sequence);
                self.pending_length = sequence.len() as u8;
                Ok(())
            }
            _ => Err(ProtocolError::InvalidUtf8),
        }
    }
}

/// Bytes at the end of `bytes` that look like the beginning of a longer sequence.
fn incomplete_length(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rev()
        .take(MAX_PENDING)
        .position(|byte| byte & 0xc0 != 0x80)
        .map(|continuations| continuations + 1)
        .filter(|length| sequence_length(bytes[bytes.len() - length]) > *length)
        .unwrap_or(0)
}

/// Bytes of the sequence that a byte promises as its first; wrong first bytes stand alone.
fn sequence_length(first: u8) -> usize {
    match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    }
}

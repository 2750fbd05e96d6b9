//! Gathering what one connection was given into as few pieces as possible.
//!
//! Headers and small payloads are copied one behind the other into one buffer; larger payloads stay
//! where they are.

use std::ops::Range;

use super::deflation::Held;
use super::outbox::{Command, Operation, Outbox};
use crate::protocol::{FrameHeader, Opcode, mask};

/// Payloads up to this many bytes are copied rather than gathered.
const COPIED: usize = 4 * 1024;

/// The scratch buffer is given back when it has grown beyond this many bytes.
const SCRATCH_KEPT: usize = 1024 * 1024;

/// Bytes of a masking key.
const KEY_LENGTH: usize = 4;

/// Random bytes fetched at once for masking keys.
const RANDOM_POOL: usize = 4096;

/// Memory that is reused from flush to flush.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Headers, and payloads that were copied behind them.
    pub(super) bytes: Vec<u8>,
    pub(super) pieces: Vec<Piece>,
    /// Ends of writes that asked to be told, counted from the start of this write.
    pub(super) marks: Vec<usize>,
    /// For each record of a flush, the next one of the same connection.
    pub(super) next: Vec<u32>,
    /// Slots of the connections that have records, in the order of their first.
    pub(super) touched: Vec<u32>,
    /// How many of those were written.
    pub(super) written: usize,
    random: Vec<u8>,
    random_used: usize,
}

/// A run of bytes that is to be written.
#[derive(Debug)]
pub(super) enum Piece {
    Scratch(Range<usize>),
    /// Bytes `range` of the payload with this number.
    Payload(usize, Range<usize>),
}

impl Scratch {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.pieces.clear();
        self.marks.clear();
    }

    /// Bytes gathered so far.
    pub(super) fn length(&self) -> usize {
        self.pieces.iter().map(Piece::len).sum()
    }

    /// The bytes of one of its pieces.
    pub(super) fn piece<'a>(
        &'a self,
        piece: &Piece,
        payloads: &'a (impl Payloads + ?Sized),
    ) -> &'a [u8] {
        match piece {
            Piece::Scratch(range) => &self.bytes[range.clone()],
            Piece::Payload(number, range) => &payloads.payload(*number)[range.clone()],
        }
    }

    /// Gives memory back after a write that was unusually large.
    pub(super) fn trim(&mut self) {
        if self.bytes.capacity() > SCRATCH_KEPT {
            self.bytes = Vec::new();
        }
    }

    /// Adds the bytes of scratch from `start` on, joined to a piece that they follow.
    fn extend_scratch(&mut self, start: usize) {
        let end = self.bytes.len();
        match self.pieces.last_mut() {
            Some(Piece::Scratch(range)) if range.end == start => range.end = end,
            _ => self.pieces.push(Piece::Scratch(start..end)),
        }
    }

    /// Adds a frame whose payload is compressed to `payload`.
    pub(super) fn gather_compressed(&mut self, command: Command, payload: &[u8]) {
        let Operation::Frame {
            opcode, fin, mask, ..
        } = command.operation
        else {
            return;
        };
        let start = self.bytes.len();
        // RFC 7692 §6: the bit is RSV1, and set on the first fragment only.
        let rsv1 = opcode != Opcode::CONTINUATION;
        self.copy_frame(opcode, fin, rsv1, mask, payload);
        self.extend_scratch(start);
        if command.notify {
            self.marks.push(self.length());
        }
    }

    /// Appends a header, and its payload masked.
    fn copy_frame(&mut self, opcode: Opcode, fin: bool, rsv1: bool, mask: bool, payload: &[u8]) {
        let key = self.header(opcode, fin, rsv1, mask, payload.len());
        let from = self.bytes.len();
        // "The payload is masked in place" never holds for a user's memory.
        self.bytes.extend_from_slice(payload);
        if let Some(key) = key {
            mask::apply(&mut self.bytes[from..], key);
        }
    }

    /// Appends a header; returns the masking key in it.
    fn header(
        &mut self,
        opcode: Opcode,
        fin: bool,
        rsv1: bool,
        mask: bool,
        length: usize,
    ) -> Option<[u8; KEY_LENGTH]> {
        let key = mask.then(|| self.masking_key());
        let header = FrameHeader {
            fin,
            rsv1,
            opcode,
            mask: key,
            length: length as u64,
        };
        let mut encoded = [0; FrameHeader::MAX_LENGTH];
        let length = header.encode(&mut encoded);
        self.bytes.extend_from_slice(&encoded[..length]);
        key
    }

    /// Adds one write that is not compressed. `number` is the payload's, for [`Piece::Payload`].
    pub(super) fn gather(&mut self, command: Command, payload: &[u8], number: usize) {
        let start = self.bytes.len();
        let mut copied = payload.len() <= COPIED;
        match command.operation {
            Operation::Frame {
                opcode, fin, mask, ..
            } => {
                copied |= mask;
                if copied {
                    self.copy_frame(opcode, fin, false, mask, payload);
                } else {
                    self.header(opcode, fin, false, false, payload.len());
                }
            }
            Operation::Raw if copied => self.bytes.extend_from_slice(payload),
            Operation::Raw | Operation::End | Operation::Release => {}
        }
        if self.bytes.len() > start {
            self.extend_scratch(start);
        }
        if !copied {
            self.pieces.push(Piece::Payload(number, 0..payload.len()));
        }
        if command.notify {
            self.marks.push(self.length());
        }
    }

    /// A masking key nobody can foresee (RFC 6455 §5.3).
    ///
    /// # Panics
    /// If the operating system has no randomness, which ends the connection.
    fn masking_key(&mut self) -> [u8; KEY_LENGTH] {
        if self.random_used + KEY_LENGTH > self.random.len() {
            self.random.resize(RANDOM_POOL, 0);
            self.random_used = 0;
            let filled = getrandom::fill(&mut self.random);
            assert!(filled.is_ok(), "no randomness for a masking key");
        }
        let mut key = [0; KEY_LENGTH];
        key.copy_from_slice(&self.random[self.random_used..self.random_used + KEY_LENGTH]);
        self.random_used += KEY_LENGTH;
        key
    }
}

impl Piece {
    pub(super) fn len(&self) -> usize {
        match self {
            Piece::Scratch(range) | Piece::Payload(_, range) => range.len(),
        }
    }
}

/// Where the payloads of gathered writes are.
pub(super) trait Payloads {
    fn payload(&self, number: usize) -> &[u8];
}

impl Payloads for Outbox<'_> {
    fn payload(&self, number: usize) -> &[u8] {
        self.get(number).map_or(&[], |(_, _, payload)| payload)
    }
}

impl Payloads for [Held] {
    fn payload(&self, number: usize) -> &[u8] {
        &self[number].payload
    }
}

impl Payloads for &[u8] {
    fn payload(&self, _number: usize) -> &[u8] {
        self
    }
}

//! One batch of events on its way to JavaScript: records, and the payloads they point into.

use std::ops::Range;

use super::message::SMALL_MESSAGE;
use super::token::Token;

/// What a record says; the numbers are what JavaScript sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A text message in the arena.
    Text = 1,
    /// A binary message in the arena.
    Binary = 2,
    /// A text message in a large payload; `offset` is its index in this batch.
    LargeText = 3,
    /// A binary message in a large payload; `offset` is its index in this batch.
    LargeBinary = 4,
    /// Where the fragments of the binary message in the next record end: little-endian `u32`s in
    /// the arena. Only for messages of several fragments that are not empty.
    Fragments = 5,
    /// The same in a large payload.
    LargeFragments = 6,
    Ping = 7,
    Pong = 8,
    /// A close frame: `offset` is where the reason is, `length` is its length << 16 | the code.
    Close = 9,
    /// The peer broke the protocol; the connection knows how.
    Error = 10,
    /// The peer sent FIN: nothing more will be read.
    Ended = 11,
    /// `offset` more writes that asked to be told have been handed to the kernel.
    Written = 12,
    /// The write queue became empty after it was not.
    Drained = 13,
    /// The descriptor is closed; `offset` is the `errno` that caused it, or 0. Nothing follows.
    Closed = 14,
    /// Its stream shall bring nothing more for now.
    Congested = 15,
    /// Its stream may bring more again.
    Uncongested = 16,
}

/// Names and numbers of [`Kind`], for the JavaScript side.
pub(crate) const KIND_NAMES: [(&str, Kind); 16] = [
    ("TEXT", Kind::Text),
    ("BINARY", Kind::Binary),
    ("LARGE_TEXT", Kind::LargeText),
    ("LARGE_BINARY", Kind::LargeBinary),
    ("FRAGMENTS", Kind::Fragments),
    ("LARGE_FRAGMENTS", Kind::LargeFragments),
    ("PING", Kind::Ping),
    ("PONG", Kind::Pong),
    ("CLOSE", Kind::Close),
    ("ERROR", Kind::Error),
    ("ENDED", Kind::Ended),
    ("WRITTEN", Kind::Written),
    ("DRAINED", Kind::Drained),
    ("CLOSED", Kind::Closed),
    ("CONGESTED", Kind::Congested),
    ("UNCONGESTED", Kind::Uncongested),
];

/// A record is `(slot, generation << 8 | kind, offset, length)`.
const RECORD_FIELDS: usize = 4;

/// Bytes of one read into the arena.
pub(super) const RECEIVE_SIZE: usize = 64 * 1024;

/// Bytes that decoding may leave for the next read: a header, or a control frame that is not
/// complete.
const MOST_LEFT_OVER: usize = 256;

/// Bytes that must be free before a connection is served: one read behind what was left of the
/// last, and one event.
const LEAST_SPACE: usize = RECEIVE_SIZE + MOST_LEFT_OVER + EVENT_SPACE;

/// Bytes that one event may take beside what was read: an assembled message, and where its
/// fragments end.
const EVENT_SPACE: usize = 2 * SMALL_MESSAGE;

/// Records are kept free for what must not wait for the next batch.
const SPARE_RECORDS: usize = 4;

/// The memory of one batch. It is filled during a turn, read by JavaScript, and cleared.
///
/// ```text
/// arena  │ payload │header│ payload │ … │ free            │
///                                       ▲ used
/// ```
pub(crate) struct Batch<'a> {
    arena: &'a mut [u8],
    records: &'a mut [i32],
    used: usize,
    count: usize,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(arena: &'a mut [u8], records: &'a mut [i32]) -> Self {
        Batch {
            arena,
            records,
            used: 0,
            count: 0,
        }
    }

    /// How many records it holds.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Bytes of the arena that are in use.
    pub(crate) fn position(&self) -> usize {
        self.used
    }

    /// Whether another connection should not start to fill it.
    pub(crate) fn is_full(&self) -> bool {
        self.records_left() < 2 || self.arena.len() - self.used < LEAST_SPACE
    }

    /// Whether one more event fits.
    pub(crate) fn has_room(&self) -> bool {
        self.records_left() > 1 && self.arena.len() - self.used >= EVENT_SPACE
    }

    /// How many records still fit, some being kept back.
    pub(crate) fn records_left(&self) -> usize {
        (self.records.len() / RECORD_FIELDS - self.count).saturating_sub(SPARE_RECORDS)
    }

    /// The free part of the arena.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        &mut self.arena[self.used..]
    }

    /// Takes the first `length` bytes of [`Batch::space`] and returns where they are.
    pub(crate) fn take(&mut self, length: usize) -> Range<usize> {
        let start = self.used;
        self.used += length;
        start..self.used
    }

    /// Gives back what was taken beyond `end`, if nothing was taken since.
    pub(crate) fn give_back(&mut self, taken: &Range<usize>, end: usize) {
        if self.used == taken.end {
            self.used = end;
        }
    }

    /// Bytes of the arena.
    pub(crate) fn bytes(&mut self, range: Range<usize>) -> &mut [u8] {
        &mut self.arena[range]
    }

    /// Bytes of the arena that were taken, and the free part.
    pub(crate) fn bytes_and_space(&mut self, range: Range<usize>) -> (&[u8], &mut [u8]) {
        let (taken, space) = self.arena.split_at_mut(self.used);
        (&taken[range], space)
    }

    /// Copies `payload`, of at most [`SMALL_MESSAGE`] bytes, into the arena and returns its offset.
    /// The caller has asked [`Batch::has_room`].
    pub(crate) fn copy(&mut self, payload: &[u8]) -> usize {
        let taken = self.take(payload.len());
        let start = taken.start;
        self.arena[taken].copy_from_slice(payload);
        start
    }

    /// Appends a record. There is room as long as the caller asked [`Batch::is_full`] before it
    /// began with a connection; a record beyond that is a bug, and panics.
    pub(crate) fn push(&mut self, token: Token, kind: Kind, offset: usize, length: usize) {
        let at = self.count * RECORD_FIELDS;
        self.records[at..at + RECORD_FIELDS].copy_from_slice(&[
            token.slot as i32,
            token.tag(kind as u8),
            offset as i32,
            length as i32,
        ]);
        self.count += 1;
    }
}

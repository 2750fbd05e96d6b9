//! The shared memory of an endpoint.

use std::cell::{Cell, OnceCell};
use std::ops::DerefMut;

use napi::bindgen_prelude::{Int32Array, Uint8Array};

use crate::engine::{Batch, Intake, Outbox, RECORD_FIELDS};

/// Fields of the header, for both sides.
#[derive(Clone, Copy)]
pub(super) enum Header {
    /// Records in the inbox.
    InboxCount = 0,
    /// The next record of the inbox that `dispatch` has to look at.
    InboxCursor = 1,
    /// Records in the outbox.
    OutboxCount = 2,
    /// Bytes used in the outbox's arena.
    OutboxUsed = 3,
    /// How often the outbox was emptied; wraps.
    OutboxFlushes = 4,
    /// 1 while a turn runs, which will flush the outbox.
    InTurn = 5,
    /// Bytes used in the inbox's arena.
    InboxUsed = 6,
    /// 1 while streams have something to take.
    Outputs = 7,
    /// 1 once the native endpoint is gone, and must not be called any more.
    Gone = 8,
    /// 1 once `dispatch` has begun.
    Dispatching = 9,
    /// Records in the intake.
    IntakeCount = 10,
    /// 1 while the process has to be kept alive, and JavaScript has to do it.
    Referenced = 11,
}

/// Names and numbers of [`Header`], for the JavaScript side.
pub(super) const HEADER_NAMES: [(&str, Header); 12] = [
    ("INBOX_COUNT", Header::InboxCount),
    ("INBOX_CURSOR", Header::InboxCursor),
    ("OUTBOX_COUNT", Header::OutboxCount),
    ("OUTBOX_USED", Header::OutboxUsed),
    ("OUTBOX_FLUSHES", Header::OutboxFlushes),
    ("IN_TURN", Header::InTurn),
    ("INBOX_USED", Header::InboxUsed),
    ("OUTPUTS", Header::Outputs),
    ("GONE", Header::Gone),
    ("DISPATCHING", Header::Dispatching),
    ("INTAKE_COUNT", Header::IntakeCount),
    ("REFERENCED", Header::Referenced),
];

/// Memory that JavaScript allocated. The typed arrays are never let go of, so the pointers are
/// good for as long as the environment; an endpoint lives that long too.
pub(super) struct Memory {
    header: *mut i32,
    inbox_records: Region<i32>,
    inbox_arena: Region<u8>,
    outbox: Cell<OutboxMemory>,
    filling: Cell<bool>,
    /// There from the first stream on.
    streams: OnceCell<StreamMemory>,
}

/// What is to be written.
#[derive(Clone, Copy)]
struct OutboxMemory {
    records: Region<i32>,
    arena: Region<u8>,
}

impl OutboxMemory {
    fn new(records: Int32Array, arena: Uint8Array) -> Self {
        OutboxMemory {
            records: Region::<i32>::of_records(records),
            arena: Region::<u8>::of_bytes(arena),
        }
    }
}

/// What streams have read, and what they have to write.
struct StreamMemory {
    intake_records: Region<i32>,
    intake_arena: Region<u8>,
    output_records: Region<i32>,
    output_arena: Region<u8>,
}

#[derive(Clone, Copy)]
struct Region<T> {
    start: *mut T,
    length: usize,
}

impl<T> Region<T> {
    /// Keeps `array` alive for good and remembers where its elements are.
    fn leak<A>(mut array: A, elements: impl FnOnce(&mut A) -> &mut [T]) -> Self {
        let slice = elements(&mut array);
        let region = Region {
            start: slice.as_mut_ptr(),
            length: slice.len(),
        };
        std::mem::forget(array);
        region
    }

    fn of_bytes(array: Uint8Array) -> Region<u8> {
        // SAFETY: nothing else has a view of the elements during the call.
        Region::leak(array, |array| unsafe { array.as_mut() })
    }

    fn of_records(array: Int32Array) -> Region<i32> {
        // SAFETY: as above.
        Region::leak(array, |array| unsafe { array.as_mut() })
    }
}

/// A batch over the inbox. There is one at a time.
pub(super) struct InboxGuard<'a> {
    batch: Batch<'a>,
    filling: &'a Cell<bool>,
}

impl<'a> std::ops::Deref for InboxGuard<'a> {
    type Target = Batch<'a>;

    fn deref(&self) -> &Batch<'a> {
        &self.batch
    }
}

impl DerefMut for InboxGuard<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.batch
    }
}

impl Drop for InboxGuard<'_> {
    fn drop(&mut self) {
        self.filling.set(false);
    }
}

impl Memory {
    /// `None` if a part is too small to work with.
    pub(super) fn new(
        header: Int32Array,
        inbox_records: Int32Array,
        inbox_arena: Uint8Array,
        outbox_records: Int32Array,
        outbox_arena: Uint8Array,
    ) -> Option<Self> {
        let header = Region::<i32>::of_records(header);
        (header.length >= HEADER_NAMES.len()).then_some(Memory {
            header: header.start,
            inbox_records: Region::<i32>::of_records(inbox_records),
            inbox_arena: Region::<u8>::of_bytes(inbox_arena),
            outbox: Cell::new(OutboxMemory::new(outbox_records, outbox_arena)),
            filling: Cell::new(false),
            streams: OnceCell::new(),
        })
    }

    /// Adds the memory of streams. Does nothing the second time.
    pub(super) fn add_streams(
        &self,
        intake_records: Int32Array,
        intake_arena: Uint8Array,
        output_records: Int32Array,
        output_arena: Uint8Array,
    ) {
        self.streams.get_or_init(|| StreamMemory {
            intake_records: Region::<i32>::of_records(intake_records),
            intake_arena: Region::<u8>::of_bytes(intake_arena),
            output_records: Region::<i32>::of_records(output_records),
            output_arena: Region::<u8>::of_bytes(output_arena),
        });
    }

    /// Takes everything out of the intake. JavaScript must not run before the result is dropped.
    pub(super) fn take_intake(&self) -> Option<Intake<'_>> {
        let count = self.get(Header::IntakeCount);
        let streams = self.streams.get().filter(|_| count > 0)?;
        self.set(Header::IntakeCount, 0);
        // SAFETY: the memory outlives `self`. Rust only reads it, and JavaScript does not run
        // meanwhile.
        unsafe {
            Some(Intake::new(
                std::slice::from_raw_parts(
                    streams.intake_records.start,
                    streams.intake_records.length,
                ),
                count,
                std::slice::from_raw_parts(streams.intake_arena.start, streams.intake_arena.length),
            ))
        }
    }

    /// Has `fill` write what streams have to write: records, and the bytes. It must not run
    /// JavaScript, nor call this.
    pub(super) fn fill_outputs<R>(
        &self,
        fill: impl FnOnce(&mut [i32], &mut [u8]) -> R,
    ) -> Option<R> {
        let streams = self.streams.get()?;
        // SAFETY: the memory outlives `self`, and `fill` keeps to what is said above.
        let (records, arena) = unsafe {
            (
                std::slice::from_raw_parts_mut(
                    streams.output_records.start,
                    streams.output_records.length,
                ),
                std::slice::from_raw_parts_mut(
                    streams.output_arena.start,
                    streams.output_arena.length,
                ),
            )
        };
        Some(fill(records, arena))
    }

    pub(super) fn get(&self, field: Header) -> usize {
        // SAFETY: `new` checked the length; the memory outlives `self`, and the other side does
        // not run at the same time.
        unsafe { self.header.add(field as usize).read() }.max(0) as usize
    }

    pub(super) fn set(&self, field: Header, value: usize) {
        // SAFETY: as in `get`.
        unsafe { self.header.add(field as usize).write(value as i32) }
    }

    /// An empty batch over the inbox.
    ///
    /// # Panics
    /// If there is one already.
    pub(super) fn inbox(&self) -> InboxGuard<'_> {
        assert!(!self.filling.replace(true), "the inbox is being filled");
        // SAFETY: the memory outlives `self`; `filling` makes this the only reference on this
        // side, and JavaScript does not run while a batch exists.
        let (arena, records) = unsafe {
            (
                std::slice::from_raw_parts_mut(self.inbox_arena.start, self.inbox_arena.length),
                std::slice::from_raw_parts_mut(self.inbox_records.start, self.inbox_records.length),
            )
        };
        InboxGuard {
            batch: Batch::new(arena, records),
            filling: &self.filling,
        }
    }

    /// Has other memory be the outbox, which is empty. Returns whether it was.
    pub(super) fn replace_outbox(&self, records: Int32Array, arena: Uint8Array) -> bool {
        let is_empty = self.get(Header::OutboxCount) == 0;
        if is_empty {
            self.outbox.set(OutboxMemory::new(records, arena));
        }
        is_empty
    }

    /// What is in the outbox. JavaScript must not run before the result is dropped.
    pub(super) fn outbox(&self) -> Outbox<'_> {
        let OutboxMemory { records, arena } = self.outbox.get();
        let length = (self.get(Header::OutboxCount) * RECORD_FIELDS).min(records.length);
        // SAFETY: the memory outlives `self`. Rust only reads it, and JavaScript does not run
        // before the flush is over.
        unsafe {
            Outbox::new(
                std::slice::from_raw_parts(records.start, length),
                std::slice::from_raw_parts(arena.start, arena.length),
            )
        }
    }

    /// Takes everything out of the outbox, after a flush.
    pub(super) fn clear_outbox(&self) {
        let flushes = self.get(Header::OutboxFlushes) + 1;
        self.set(Header::OutboxFlushes, flushes & i32::MAX as usize);
        self.set(Header::OutboxCount, 0);
        self.set(Header::OutboxUsed, 0);
    }
}

//! What the kernel would not take yet.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

/// Small writes are gathered in chunks of this many bytes.
const CHUNK: usize = 64 * 1024;

/// How many chunks one system call is given.
const CHUNKS_PER_CALL: usize = 16;

/// Bytes in the order in which they have to leave, and the places where somebody waits.
/// An empty queue owns no memory, and is small: most connections never have another.
#[derive(Default)]
pub(crate) struct WriteQueue(Option<Box<Waiting>>);

#[derive(Default)]
struct Waiting {
    chunks: VecDeque<Vec<u8>>,
    /// Bytes of the first chunk that have left already.
    sent: usize,
    length: usize,
    /// Ends of writes that asked to be told, counted in bytes from the connection's first.
    marks: VecDeque<u64>,
}

impl WriteQueue {
    /// Bytes waiting.
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |waiting| waiting.length)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies `bytes` to the end.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let waiting = self.0.get_or_insert_default();
        waiting.length += bytes.len();
        match waiting.chunks.back_mut() {
            Some(last) if last.len() + bytes.len() <= CHUNK => last.extend_from_slice(bytes),
            _ => waiting.chunks.push_back(bytes.to_vec()),
        }
    }

    /// Remembers that the write which ends at `position` asked to be told.
    pub(crate) fn mark(&mut self, position: u64) {
        self.0.get_or_insert_default().marks.push_back(position);
    }

    /// How many marks lie at or before `position`; they are forgotten.
    pub(crate) fn reached(&mut self, position: u64) -> usize {
        let Some(waiting) = &mut self.0 else { return 0 };
        let reached = |mark: &&u64| **mark <= position;
        let count = waiting.marks.iter().take_while(reached).count();
        waiting.marks.drain(..count);
        if waiting.length == 0 && waiting.marks.is_empty() {
            self.0 = None;
        }
        count
    }

    /// Offers the front of the queue to `write` until the queue is empty or it refuses.
    /// Returns the bytes taken.
    ///
    /// # Errors
    /// Whatever `write` returns, except [`io::ErrorKind::WouldBlock`] and
    /// [`io::ErrorKind::Interrupted`].
    pub(crate) fn drain_into(
        &mut self,
        mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let Some(waiting) = &mut self.0 else {
            return Ok(0);
        };
        let mut total = 0;
        while waiting.length > 0 {
            let mut slices = [IoSlice::new(&[]); CHUNKS_PER_CALL];
            let mut offset = waiting.sent;
            let mut used = 0;
            for (slice, chunk) in slices.iter_mut().zip(&waiting.chunks) {
                *slice = IoSlice::new(&chunk[offset..]);
                offset = 0;
                used += 1;
            }
            match write(&slices[..used]) {
                Ok(0) => break,
                Ok(count) => {
                    total += count;
                    waiting.consume(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(total)
    }
}

impl Waiting {
    fn consume(&mut self, count: usize) {
        self.length -= count;
        let mut left = count + self.sent;
        while let Some(first) = self.chunks.front() {
            if left < first.len() {
                break;
            }
            left -= first.len();
            self.chunks.pop_front();
        }
        self.sent = left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_in_any_steps_is_what_was_pushed() {
        for step in [1, 3, 1000, CHUNK, usize::MAX] {
            let mut queue = WriteQueue::default();
            let pushed: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
            for piece in pushed.chunks(7_777) {
                queue.push(piece);
            }
            assert_eq!(queue.len(), pushed.len());
            let mut taken = Vec::new();
            let total = queue
                .drain_into(|slices| {
                    let mut room = step;
                    let before = taken.len();
                    for slice in slices {
                        let count = slice.len().min(room);
                        taken.extend_from_slice(&slice[..count]);
                        room -= count;
                    }
                    Ok(taken.len() - before)
                })
                .expect("nothing fails here");
            assert_eq!(total, pushed.len());
            assert!(taken == pushed, "step {step}");
            assert!(queue.is_empty());
        }
    }

    #[test]
    fn a_refusal_keeps_the_rest_in_place() {
        let mut queue = WriteQueue::default();
        queue.push(b"abcdef");
        let mut calls = 0;
        let total = queue
            .drain_into(|_| {
                calls += 1;
                if calls == 1 {
                    Ok(2)
                } else {
                    Err(io::ErrorKind::WouldBlock.into())
                }
            })
            .expect("WouldBlock is not an error");
        assert_eq!((total, queue.len()), (2, 4));
        queue.push(b"gh");
        let mut rest = Vec::new();
        queue
            .drain_into(|slices| {
                rest.extend(slices.iter().flat_map(|slice| slice.iter().copied()));
                Ok(rest.len())
            })
            .expect("nothing fails here");
        assert_eq!(rest, b"cdefgh");
    }

    #[test]
    fn marks_are_reached_once_and_in_order() {
        let mut queue = WriteQueue::default();
        for position in [10, 20, 20, 30] {
            queue.mark(position);
        }
        assert_eq!(queue.reached(9), 0);
        assert_eq!(queue.reached(20), 3);
        assert_eq!(queue.reached(20), 0);
        assert_eq!(queue.reached(u64::MAX), 1);
    }
}

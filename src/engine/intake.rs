//! What JavaScript streams have read: records, and the chunks behind each other.

use super::token::Token;

/// A record is `(slot, generation, length)`; the bytes follow those of the record before.
const RECORD_FIELDS: usize = 3;

/// The chunks of all streams, in the order in which they were read.
pub(crate) struct Intake<'a> {
    records: std::slice::ChunksExact<'a, i32>,
    bytes: &'a [u8],
}

impl<'a> Intake<'a> {
    /// The first `count` of `records`; their chunks lie in `arena`.
    pub(crate) fn new(records: &'a [i32], count: usize, arena: &'a [u8]) -> Self {
        let length = (count * RECORD_FIELDS).min(records.len());
        Intake {
            records: records[..length].chunks_exact(RECORD_FIELDS),
            bytes: arena,
        }
    }
}

impl<'a> Iterator for Intake<'a> {
    type Item = (Token, &'a [u8]);

    /// Ends at a record that points outside the arena, which is a bug on the other side.
    fn next(&mut self) -> Option<Self::Item> {
        let record = self.records.next()?;
        let length = usize::try_from(record[2]).ok()?;
        let (chunk, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        let token = Token {
            slot: record[0] as u32,
            generation: record[1] as u32,
        };
        Some((token, chunk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_follow_each_other() {
        let records = [1, 10, 2, 2, 20, 0, 3, 30, 3, 9, 9, 9];
        let chunks: Vec<_> = Intake::new(&records, 3, b"abcdefgh")
            .map(|(token, chunk)| (token.slot, token.generation, chunk))
            .collect();
        let expected: [(u32, u32, &[u8]); 3] = [(1, 10, b"ab"), (2, 20, b""), (3, 30, b"cde")];
        assert_eq!(chunks, expected);
    }

    #[test]
    fn a_record_that_points_outside_the_arena_is_none() {
        for length in [9, -1, i32::MAX] {
            let records = [0, 0, length];
            assert!(Intake::new(&records, 1, &[0; 8]).next().is_none());
        }
        assert!(Intake::new(&[0, 0, 8], 1, &[0; 8]).next().is_some());
        assert_eq!(Intake::new(&[0, 0, 8], 2, &[0; 8]).count(), 1);
    }
}

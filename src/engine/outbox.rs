//! What JavaScript wants written: records, and the payloads they point into.

use super::token::Token;
use crate::protocol::Opcode;

/// A record is `(slot, generation << 8 | operation, offset, length)`.
pub(crate) const RECORD_FIELDS: usize = 4;

/// The final frame of its message (RFC 6455 §5.2, FIN).
const FIN: u8 = 0x80;
/// A `WRITTEN` record is wanted when the last byte was handed to the kernel.
const NOTIFY: u8 = 0x40;
/// The frame is masked with a random key.
const MASK: u8 = 0x20;
/// The frame's payload is compressed (RFC 7692).
const COMPRESS: u8 = 0x10;
const KIND: u8 = 0x0f;
/// Opcodes that RFC 6455 reserves stand for what is not a frame.
const RAW: u8 = 0x3;
const END: u8 = 0x4;
const RELEASE: u8 = 0x5;

/// Names and numbers of the operations and flags, and the mask of the former, for the JavaScript side.
pub(crate) const OPERATION_NAMES: [(&str, u8); 14] = [
    ("CONTINUATION", 0x0),
    ("TEXT", 0x1),
    ("BINARY", 0x2),
    ("CLOSE", 0x8),
    ("PING", 0x9),
    ("PONG", 0xa),
    ("RAW", RAW),
    ("END", END),
    ("RELEASE", RELEASE),
    ("FIN", FIN),
    ("NOTIFY", NOTIFY),
    ("MASK", MASK),
    ("COMPRESS", COMPRESS),
    ("OPCODE", KIND),
];

/// What one record asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Write a frame around the payload.
    Frame {
        opcode: Opcode,
        fin: bool,
        mask: bool,
        compress: bool,
    },
    /// Write the payload as it is.
    Raw,
    /// Send FIN after what was written before.
    End,
    /// Forget a closed connection: its slot may be used again.
    Release,
}

/// An operation and whether its completion is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) operation: Operation,
    pub(crate) notify: bool,
}

impl Command {
    /// Reads the low byte of a record's tag; `None` if it stands for nothing.
    pub(crate) fn from_byte(byte: u8) -> Option<Command> {
        let operation = match byte & KIND {
            RAW => Operation::Raw,
            END => Operation::End,
            RELEASE => Operation::Release,
            opcode => Operation::Frame {
                opcode: Opcode::from_value(opcode)?,
                fin: byte & FIN != 0,
                mask: byte & MASK != 0,
                compress: byte & COMPRESS != 0,
            },
        };
        Some(Command {
            operation,
            notify: byte & NOTIFY != 0,
        })
    }
}

/// The records and payloads of one flush.
#[derive(Clone, Copy)]
pub(crate) struct Outbox<'a> {
    records: &'a [i32],
    arena: &'a [u8],
}

impl<'a> Outbox<'a> {
    /// `records` holds whole records; what they point at lies in `arena`.
    pub(crate) fn new(records: &'a [i32], arena: &'a [u8]) -> Self {
        Outbox { records, arena }
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.records.len() / RECORD_FIELDS
    }

    /// The connection that record `index` is for, and what it asks. `None` for a record that
    /// makes no sense, which is a bug on the other side and harms nobody.
    pub(crate) fn get(&self, index: usize) -> Option<(Token, Command, &'a [u8])> {
        let record = self
            .records
            .get(index * RECORD_FIELDS..(index + 1) * RECORD_FIELDS)?;
        let (token, byte) = Token::from_record(record[0], record[1]);
        let offset = usize::try_from(record[2]).ok()?;
        let length = usize::try_from(record[3]).ok()?;
        let payload = self.arena.get(offset..offset.checked_add(length)?)?;
        Some((token, Command::from_byte(byte)?, payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_points_outside_the_arena_is_none() {
        let arena = [0; 8];
        for (offset, length) in [(0, 9), (8, 1), (-1, 1), (0, -1), (i32::MAX, i32::MAX)] {
            let records = [0, 0x81, offset, length];
            assert!(
                Outbox::new(&records, &arena).get(0).is_none(),
                "{offset} {length}"
            );
        }
        assert!(Outbox::new(&[0, 0x81, 0, 8], &arena).get(0).is_some());
        assert!(Outbox::new(&[0, 0x81, 8, 0], &arena).get(0).is_some());
    }

    #[test]
    fn a_byte_that_stands_for_nothing_is_none() {
        for byte in 0..=u8::MAX {
            let known = OPERATION_NAMES[..9]
                .iter()
                .any(|(_, number)| *number == byte & KIND);
            assert_eq!(Command::from_byte(byte).is_some(), known, "{byte:#04x}");
        }
    }
}

//! What the messages contain.
//!
//! ```text
//!  0        8                       size
//!  ┌────────┬────────────────────────┐
//!  │c000042 │ the same for everybody │
//!  └────────┴────────────────────────┘
//!   tag: the sender's number
//! ```
//!
//! The tag tells a message that went to the wrong connection from the right
//! one, and in a broadcast whose message it is.

use crate::frame::{OPCODE_BINARY, OPCODE_TEXT};

/// Bytes.
pub const TAG_LEN: usize = 8;

pub type Tag = [u8; TAG_LEN];

/// The messages of a run: all of one type and one length.
pub struct Payload {
    pub opcode: u8,
    /// What follows the tag.
    body: Vec<u8>,
}

impl Payload {
    /// `size` is in bytes and at least [`TAG_LEN`].
    pub fn new(size: usize, binary: bool) -> Self {
        let body = (0..size - TAG_LEN).map(|at| {
            if binary {
                // Neighbouring kilobytes differ, and most of it is not UTF-8.
                (at ^ (at >> 8) ^ 0x80) as u8
            } else {
                b'a' + (at % 26) as u8
            }
        });
        Self {
            opcode: if binary { OPCODE_BINARY } else { OPCODE_TEXT },
            body: body.collect(),
        }
    }

    /// Bytes of a whole message.
    pub fn size(&self) -> usize {
        TAG_LEN + self.body.len()
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The message that connection number `sender` sends.
    pub fn of(&self, sender: usize) -> Vec<u8> {
        let mut message = tag(sender).to_vec();
        message.extend_from_slice(&self.body);
        message
    }
}

/// The tag of connection number `sender`, which is below 1 000 000.
pub fn tag(sender: usize) -> Tag {
    let mut tag = *b"c000000 ";
    let mut rest = sender;
    for digit in tag[1..7].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    tag
}

/// The connection number in a tag.
#[inline]
pub fn sender(tag: &Tag) -> Option<usize> {
    let [b'c', digits @ .., b' '] = tag else {
        return None;
    };
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + usize::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_back() {
        assert_eq!(tag(42), *b"c000042 ");
        for number in [0, 9, 10, 123_456, 999_999] {
            assert_eq!(sender(&tag(number)), Some(number));
        }
    }

    #[test]
    fn other_bytes_are_no_tag() {
        for bytes in [b"d000042 ", b"c00004x ", b"c000042x"] {
            assert_eq!(sender(bytes), None);
        }
    }

    #[test]
    fn a_message_has_the_size_asked_for() {
        for size in [8, 9, 64, 16_384] {
            let payload = Payload::new(size, true);
            assert_eq!(payload.of(3).len(), size);
            assert_eq!(payload.size(), size);
        }
        assert!(std::str::from_utf8(&Payload::new(1024, false).of(0)).is_ok());
        assert!(std::str::from_utf8(&Payload::new(1024, true).of(0)).is_err());
    }
}

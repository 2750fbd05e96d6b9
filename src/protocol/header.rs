//! The base framing protocol, RFC 6455 §5.2.
//!
//! ```text
//!  byte 0            byte 1             0, 2 or 8 bytes    0 or 4 bytes
//! ┌─┬───┬────────┐ ┌────┬───────────┐ ┌──────────────────┬─────────────┐
//! │F│RSV│ opcode │ │MASK│ length (7)│ │ extended length  │ masking key │
//! └─┴───┴────────┘ └────┴───────────┘ └──────────────────┴─────────────┘
//! ```

use super::ProtocolError;

/// "All control frames MUST have a payload length of 125 bytes or less" (RFC 6455 §5.5).
pub(crate) const MAX_CONTROL_PAYLOAD: usize = 125;

/// Bytes of a header before its extended length.
pub(super) const START_LENGTH: usize = 2;
/// Bytes of a masking key.
pub(super) const KEY_LENGTH: usize = 4;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_3: u8 = 0x30;
const OPCODE: u8 = 0x0f;
const MASK: u8 = 0x80;
const LENGTH: u8 = 0x7f;
/// "If 126, the following 2 bytes interpreted as a 16-bit unsigned integer are the payload length."
const LENGTH_16: u8 = 126;
/// "If 127, the following 8 bytes interpreted as a 64-bit unsigned integer … are the payload length."
const LENGTH_64: u8 = 127;

/// The largest length that is exact in JavaScript, 2^53 - 1.
const MAX_SAFE_LENGTH: u64 = (1 << 53) - 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opcode(u8);

impl Opcode {
    pub(crate) const CONTINUATION: Self = Self(0x0);
    pub(crate) const TEXT: Self = Self(0x1);
    pub(crate) const BINARY: Self = Self(0x2);
    pub(crate) const CLOSE: Self = Self(0x8);
    pub(crate) const PING: Self = Self(0x9);
    pub(crate) const PONG: Self = Self(0xa);

    /// "Control frames are identified by opcodes where the most significant bit of the opcode is 1."
    /// (RFC 6455 §5.5)
    #[cfg(test)]
    pub(crate) const fn is_control(self) -> bool {
        self.0 & 0x8 != 0
    }

    pub(crate) const fn value(self) -> u8 {
        self.0
    }

    /// The opcode with this number, unless it is reserved (§11.8).
    pub(crate) const fn from_value(value: u8) -> Option<Self> {
        match value {
            0x0..=0x2 | 0x8..=0xa => Some(Self(value)),
            _ => None,
        }
    }
}

/// A header to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) fin: bool,
    pub(crate) rsv1: bool,
    pub(crate) opcode: Opcode,
    pub(crate) mask: Option<[u8; KEY_LENGTH]>,
    /// Bytes of the payload.
    pub(crate) length: u64,
}

impl FrameHeader {
    /// Bytes of the longest header.
    pub(crate) const MAX_LENGTH: usize = 14;

    /// Writes the header to the start of `out` and returns its length in bytes.
    #[inline]
    pub(crate) fn encode(&self, out: &mut [u8; Self::MAX_LENGTH]) -> usize {
        out[0] = self.opcode.0;
        if self.fin {
            out[0] |= FIN;
        }
        if self.rsv1 {
            out[0] |= RSV1;
        }
        // "the minimal number of bytes MUST be used to encode the length"
        let mut end = START_LENGTH;
        if self.length <= MAX_CONTROL_PAYLOAD as u64 {
            out[1] = self.length as u8;
        } else if let Ok(length) = u16::try_from(self.length) {
            out[1] = LENGTH_16;
            end += 2;
            out[START_LENGTH..end].copy_from_slice(&length.to_be_bytes());
        } else {
            out[1] = LENGTH_64;
            end += 8;
            out[START_LENGTH..end].copy_from_slice(&self.length.to_be_bytes());
        }
        if let Some(key) = self.mask {
            out[1] |= MASK;
            out[end..end + KEY_LENGTH].copy_from_slice(&key);
            end += KEY_LENGTH;
        }
        end
    }
}

/// The first two bytes of a received header: enough to refuse most bad frames, and to know where
/// the rest of the header lies.
#[derive(Clone, Copy)]
pub(super) struct HeaderStart([u8; START_LENGTH]);

impl HeaderStart {
    #[inline]
    pub(super) fn decode(input: &[u8]) -> Option<Self> {
        input.first_chunk().copied().map(Self)
    }

    #[inline]
    pub(super) fn fin(self) -> bool {
        self.0[0] & FIN != 0
    }

    #[inline]
    pub(super) fn rsv1(self) -> bool {
        self.0[0] & RSV1 != 0
    }

    #[inline]
    pub(super) fn rsv2_3(self) -> bool {
        self.0[0] & RSV2_3 != 0
    }

    #[inline]
    pub(super) fn opcode(self) -> Opcode {
        Opcode(self.0[0] & OPCODE)
    }

    #[inline]
    pub(super) fn masked(self) -> bool {
        self.0[1] & MASK != 0
    }

    /// The 7-bit length: 126 and 127 stand for an extended one.
    #[inline]
    pub(super) fn short_length(self) -> u8 {
        self.0[1] & LENGTH
    }

    /// The payload's length in bytes and the offset of what follows it in the header; `None` until
    /// its bytes are there. A length that is not minimally encoded is taken, as by ws.
    ///
    /// # Errors
    /// A length over 2^53 - 1, which JavaScript could not count.
    #[inline]
    pub(super) fn length(self, input: &[u8]) -> Result<Option<(u64, usize)>, ProtocolError> {
        match self.short_length() {
            LENGTH_16 => Ok(input[START_LENGTH..]
                .first_chunk()
                .map(|bytes| (u64::from(u16::from_be_bytes(*bytes)), START_LENGTH + 2))),
            LENGTH_64 => match input[START_LENGTH..].first_chunk() {
                None => Ok(None),
                Some(bytes) => match u64::from_be_bytes(*bytes) {
                    length @ 0..=MAX_SAFE_LENGTH => Ok(Some((length, START_LENGTH + 8))),
                    _ => Err(ProtocolError::PayloadLengthTooLarge),
                },
            },
            length => Ok(Some((u64::from(length), START_LENGTH))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{FrameHeader, HeaderStart, Opcode};

    fn encode(header: FrameHeader) -> Vec<u8> {
        let mut out = [0xaa; FrameHeader::MAX_LENGTH];
        let length = header.encode(&mut out);
        out[..length].to_vec()
    }

    const TEXT: FrameHeader = FrameHeader {
        fin: true,
        rsv1: false,
        opcode: Opcode::TEXT,
        mask: None,
        length: 5,
    };

    #[test]
    fn encodes_each_length_in_the_minimal_number_of_bytes() {
        for (length, expected) in [
            (0, &[0x81, 0x00][..]),
            (125, &[0x81, 0x7d]),
            (126, &[0x81, 0x7e, 0x00, 0x7e]),
            (0xffff, &[0x81, 0x7e, 0xff, 0xff]),
            (0x1_0000, &[0x81, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]),
            (
                0x1f_ffff_ffff_ffff,
                &[0x81, 0x7f, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            ),
        ] {
            assert_eq!(encode(FrameHeader { length, ..TEXT }), expected);
        }
    }

    #[test]
    fn encodes_flags_opcode_and_masking_key() {
        let header = FrameHeader {
            fin: false,
            rsv1: true,
            opcode: Opcode::BINARY,
            mask: Some([0x37, 0xfa, 0x21, 0x3d]),
            length: 5,
        };
        assert_eq!(encode(header), [0x42, 0x85, 0x37, 0xfa, 0x21, 0x3d]);
        let longest = FrameHeader {
            length: u64::from(u32::MAX),
            ..header
        };
        assert_eq!(encode(longest).len(), FrameHeader::MAX_LENGTH);
    }

    #[test]
    fn decodes_what_it_encodes() {
        for opcode in [
            Opcode::CONTINUATION,
            Opcode::TEXT,
            Opcode::BINARY,
            Opcode::CLOSE,
            Opcode::PING,
            Opcode::PONG,
        ] {
            for length in [0, 1, 125, 126, 127, 0xffff, 0x1_0000, (1 << 53) - 1] {
                for (fin, rsv1, mask) in [(true, false, None), (false, true, Some([1, 2, 3, 4]))] {
                    let bytes = encode(FrameHeader {
                        fin,
                        rsv1,
                        opcode,
                        mask,
                        length,
                    });
                    let start = HeaderStart::decode(&bytes).expect("two bytes");
                    assert_eq!((start.fin(), start.rsv1()), (fin, rsv1));
                    assert_eq!((start.opcode(), start.rsv2_3()), (opcode, false));
                    assert_eq!(start.masked(), mask.is_some());
                    let key_at = bytes.len() - mask.map_or(0, |key| key.len());
                    assert_eq!(start.length(&bytes), Ok(Some((length, key_at))));
                }
            }
        }
    }

    #[test]
    fn reserved_numbers_are_no_opcodes() {
        for value in 0..=u8::MAX {
            let known = matches!(value, 0 | 1 | 2 | 8 | 9 | 10);
            let opcode = Opcode::from_value(value);
            assert_eq!(opcode.map(Opcode::value), known.then_some(value));
        }
    }

    #[test]
    fn only_opcodes_from_8_on_are_control() {
        assert!(
            [Opcode::CLOSE, Opcode::PING, Opcode::PONG]
                .iter()
                .all(|opcode| opcode.is_control())
        );
        let data = [Opcode::CONTINUATION, Opcode::TEXT, Opcode::BINARY];
        assert!(!data.iter().any(|opcode| opcode.is_control()));
    }
}

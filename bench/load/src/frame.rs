//! RFC 6455 §5.2: the frames a client sends, and the headers a server sends.

use crate::failure::{Failure, Outcome};

const CONTINUATION: u8 = 0x0;
pub const OPCODE_TEXT: u8 = 0x1;
pub const OPCODE_BINARY: u8 = 0x2;
pub const OPCODE_CLOSE: u8 = 0x8;

/// On the first frame of a compressed message (RFC 7692 §6).
pub const RSV1: u8 = 0x40;

const FIN: u8 = 0x80;
const OPCODE: u8 = 0x0f;
const MASK: u8 = 0x80;
const LEN: u8 = 0x7f;
const LEN_16: u8 = 126;
const LEN_64: u8 = 127;

/// Fixed: what a server does to unmask does not depend on the key, unless it
/// is zero. §5.3 asks for an unpredictable one, against intermediaries; here
/// there are none.
const MASKING_KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The header of a frame from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub opcode: u8,
    /// Whether RSV1 is set.
    pub compressed: bool,
    /// Bytes of the header itself.
    pub len: usize,
    /// Bytes of the payload after it.
    pub payload_len: usize,
}

/// An unfragmented, masked frame. The opcode may come with [`RSV1`].
pub fn encode(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = encode_header(opcode, MASK, payload.len());
    frame.extend_from_slice(&MASKING_KEY);
    let masked = payload.iter().zip(MASKING_KEY.iter().cycle());
    frame.extend(masked.map(|(byte, key)| byte ^ key));
    frame
}

/// A message in `count` masked frames of about the same length.
pub fn encode_fragmented(opcode: u8, payload: &[u8], count: usize) -> Vec<u8> {
    let place = |index| payload.len() * index / count;
    let mut frames = Vec::new();
    for index in 0..count {
        let fragment = &payload[place(index)..place(index + 1)];
        let start = frames.len();
        let opcode = if index == 0 { opcode } else { CONTINUATION };
        frames.extend(encode(opcode, fragment));
        if index + 1 < count {
            frames[start] &= !FIN;
        }
    }
    frames
}

/// An unfragmented frame as a server sends it, not masked.
pub fn encode_unmasked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = encode_header(opcode, 0, payload.len());
    frame.extend_from_slice(payload);
    frame
}

/// A header without the masking key; `mask` is [`MASK`] or 0.
fn encode_header(opcode: u8, mask: u8, payload_len: usize) -> Vec<u8> {
    let mut header = vec![FIN | opcode];
    match payload_len {
        len @ 0..=125 => header.push(mask | len as u8),
        len @ 126..=0xffff => {
            header.push(mask | LEN_16);
            header.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            header.push(mask | LEN_64);
            header.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    header
}

/// The payload of the one frame in `bytes`, which a client has sent: an
/// unfragmented, masked text message; `None` if `bytes` does not hold all of it.
///
/// # Errors
///
/// Any other frame, and bytes after it.
pub fn decode_text(bytes: &[u8]) -> Outcome<Option<Vec<u8>>> {
    let &[first, second, ref rest @ ..] = bytes else {
        return Ok(None);
    };
    if second & MASK == 0 {
        return Err(Failure::new("a client sent a frame without a masking key"));
    }
    let mut unmasked = vec![first, second & LEN];
    unmasked.extend_from_slice(rest);
    let Some(header) = parse_header(&unmasked)? else {
        return Ok(None);
    };
    if header.opcode != OPCODE_TEXT || header.compressed {
        let opcode = header.opcode;
        return Err(Failure::new(format!(
            "a client sent a frame with opcode 0x{opcode:x} where a text message was due"
        )));
    }
    let Some((key, masked)) = bytes[header.len..].split_first_chunk::<4>() else {
        return Ok(None);
    };
    if masked.len() > header.payload_len {
        return Err(Failure::new("a client said more than it was asked"));
    }
    let payload = masked.iter().zip(key.iter().cycle());
    Ok((masked.len() == header.payload_len)
        .then(|| payload.map(|(byte, key)| byte ^ key).collect()))
}

/// Reads a header; `None` if `bytes` does not hold all of it.
///
/// # Errors
///
/// Frames that no server under test has a reason to send: fragments, reserved
/// bits but RSV1, masked frames.
#[inline]
pub fn parse_header(bytes: &[u8]) -> Outcome<Option<Header>> {
    let &[first, second, ref rest @ ..] = bytes else {
        return Ok(None);
    };
    if first & !(OPCODE | RSV1) != FIN || second & MASK != 0 {
        return Err(Failure::new(format!(
            "unexpected frame header 0x{first:02x} 0x{second:02x}: \
             a fragment, a reserved bit or a masking key"
        )));
    }
    let (len, payload_len) = match second & LEN {
        LEN_16 => match rest.first_chunk::<2>() {
            Some(bytes) => (4, usize::from(u16::from_be_bytes(*bytes))),
            None => return Ok(None),
        },
        LEN_64 => match rest.first_chunk::<8>() {
            Some(bytes) => (10, u64::from_be_bytes(*bytes) as usize),
            None => return Ok(None),
        },
        len => (2, usize::from(len)),
    };
    Ok(Some(Header {
        opcode: first & OPCODE,
        compressed: first & RSV1 != 0,
        len,
        payload_len,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_the_masked_hello_of_section_5_7() {
        assert_eq!(
            encode(OPCODE_TEXT, b"Hello"),
            [
                0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58
            ]
        );
    }

    #[test]
    fn encodes_and_decodes_the_unmasked_and_the_masked_hello_of_section_5_7() {
        let unmasked = encode_unmasked(OPCODE_TEXT, b"Hello");
        assert_eq!(unmasked, [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
        assert!(decode_text(&unmasked).is_err());
        for len in [5, 300, 0x1_0000] {
            let payload = b"Hello".repeat(len / 5);
            let masked = encode(OPCODE_TEXT, &payload);
            for cut in [0, 1, 2, 3, 5, 6, 9, masked.len() - 1] {
                assert_eq!(decode_text(&masked[..cut]).expect("valid"), None);
            }
            assert_eq!(decode_text(&masked).expect("valid"), Some(payload));
            assert!(decode_text(&[masked.as_slice(), &[0x81]].concat()).is_err());
        }
        assert!(decode_text(&encode(OPCODE_BINARY, b"Hello")).is_err());
    }

    #[test]
    fn a_message_is_fragmented() {
        assert_eq!(
            encode_fragmented(OPCODE_TEXT, b"Hello", 2),
            [
                [0x01, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f].as_slice(),
                &[0x80, 0x83, 0x37, 0xfa, 0x21, 0x3d, 0x5b, 0x96, 0x4e],
            ]
            .concat()
        );
        let whole = encode_fragmented(OPCODE_BINARY, &[7; 300], 1);
        assert_eq!(whole, encode(OPCODE_BINARY, &[7; 300]));
    }

    #[test]
    fn encodes_the_three_length_forms() {
        assert_eq!(encode(OPCODE_BINARY, &[0; 125])[..2], [0x82, 0xfd]);
        assert_eq!(
            encode(OPCODE_BINARY, &[0; 126])[..4],
            [0x82, 0xfe, 0x00, 0x7e]
        );
        assert_eq!(
            encode(OPCODE_BINARY, &[0; 0x1_0000])[..10],
            [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]
        );
    }

    #[test]
    fn parses_the_three_length_forms_and_asks_for_more_when_cut() {
        for (bytes, payload_len) in [
            (&[0x81, 0x7d][..], 125),
            (&[0x81, 0x7e, 0x01, 0x00], 256),
            (&[0x81, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0], 0x1_0000),
        ] {
            let header = Header {
                opcode: OPCODE_TEXT,
                compressed: false,
                len: bytes.len(),
                payload_len,
            };
            assert_eq!(parse_header(bytes).expect("valid"), Some(header));
            for cut in 0..bytes.len() {
                assert_eq!(parse_header(&bytes[..cut]).expect("valid"), None);
            }
        }
    }

    #[test]
    fn refuses_fragments_reserved_bits_and_masked_frames() {
        for bytes in [[0x01, 0x00], [0xa1, 0x00], [0x91, 0x00], [0x81, 0x80]] {
            assert!(parse_header(&bytes).is_err());
        }
    }

    #[test]
    fn a_compressed_message_has_rsv1() {
        let header = parse_header(&encode(OPCODE_TEXT | RSV1, b"")[..1]);
        assert_eq!(header.expect("valid"), None);
        let header = parse_header(&[0xc1, 0x00]).expect("valid");
        assert!(header.expect("whole").compressed);
        assert_eq!(encode(OPCODE_TEXT | RSV1, b"Hello")[..2], [0xc1, 0x85]);
    }
}

//! The slow twin of the decoder: it sees the whole stream at once, moves byte by byte and copies.

use super::replay::{Item, Outcome};
use super::{Limits, MessageKind, ProtocolError, Role};

/// `compression`: permessage-deflate was agreed on.
pub(crate) fn decode(role: Role, limits: Limits, compression: bool, stream: &[u8]) -> Outcome {
    let mut items = Vec::new();
    let error = decode_frames(role, limits, compression, stream, &mut items).err();
    Outcome { items, error }
}

/// A message under way: kind, whether it is compressed, declared length, frames, bytes.
type Partial = (MessageKind, bool, u64, u32, Vec<u8>);

fn decode_frames(
    role: Role,
    limits: Limits,
    compression: bool,
    mut stream: &[u8],
    items: &mut Vec<Item>,
) -> Result<(), ProtocolError> {
    let mut partial: Option<Partial> = None;
    while stream.len() >= 2 {
        let first = stream[0];
        let (fin, opcode) = (first >= 0x80, first % 16);
        let (masked, mut length) = (stream[1] >= 0x80, u64::from(stream[1] % 128));
        check_start(role, compression, stream[0], stream[1], partial.is_some())?;

        stream = &stream[2..];
        let extended = match length {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        if stream.len() < extended {
            break;
        }
        if extended > 0 {
            length = stream[..extended]
                .iter()
                .fold(0, |sum, byte| sum * 256 + u64::from(*byte));
        }
        stream = &stream[extended..];
        if length >= 1 << 53 {
            return Err(ProtocolError::PayloadLengthTooLarge);
        }
        if opcode < 8 {
            let kind = [MessageKind::Text, MessageKind::Binary][usize::from(opcode == 2)];
            let compressed = first & 0x40 != 0;
            let (.., declared, frames, _) =
                partial.get_or_insert((kind, compressed, 0, 0, Vec::new()));
            *declared += length;
            *frames += 1;
            if limits.max_payload > 0 && *declared > limits.max_payload {
                return Err(ProtocolError::MaxPayloadExceeded);
            }
            if limits.max_fragments > 0 && *frames > limits.max_fragments {
                return Err(ProtocolError::TooManyFragments);
            }
        }

        let key_length = if masked { 4 } else { 0 };
        if stream.len() < key_length {
            break;
        }
        let (key, rest) = stream.split_at(key_length);
        let available = rest.len().min(length as usize);
        let mut payload = rest[..available].to_vec();
        for (i, byte) in payload.iter_mut().enumerate().filter(|_| masked) {
            *byte ^= key[i % 4];
        }
        stream = &rest[available..];
        let complete = available as u64 == length;
        match opcode {
            8..=10 if !complete => break,
            8 => return close(&payload, limits, items),
            9 => items.push(Item::Ping(payload)),
            10 => items.push(Item::Pong(payload)),
            _ => {
                let end = fin && complete;
                if let Some((kind, compressed, .., bytes)) = &mut partial {
                    bytes.append(&mut payload);
                    if *kind == MessageKind::Text && !*compressed && !limits.skip_utf8_validation {
                        check_utf8(bytes, end)?;
                    }
                }
                if end && let Some((kind, compressed, .., bytes)) = partial.take() {
                    items.push(Item::message(kind, compressed, bytes));
                }
            }
        }
    }
    Ok(())
}

fn check_start(
    role: Role,
    compression: bool,
    first: u8,
    second: u8,
    fragmented: bool,
) -> Result<(), ProtocolError> {
    let opcode = first % 16;
    let rsv1 = first & 0x40 != 0;
    if first & 0x30 != 0 {
        return Err(ProtocolError::UnexpectedRsv23);
    }
    if rsv1 && (!compression || opcode == 0) {
        return Err(ProtocolError::UnexpectedRsv1);
    }
    match opcode {
        0 if fragmented => {}
        1 | 2 if !fragmented => {}
        8..=10 => {
            let length = second % 128;
            if first < 0x80 {
                return Err(ProtocolError::ExpectedFin);
            }
            if rsv1 {
                return Err(ProtocolError::UnexpectedRsv1);
            }
            if length > 125 || (opcode == 8 && length == 1) {
                return Err(ProtocolError::InvalidControlPayloadLength(length));
            }
        }
        _ => return Err(ProtocolError::InvalidOpcode(opcode)),
    }
    match role {
        Role::Server if second < 0x80 => Err(ProtocolError::ExpectedMask),
        Role::Client if second >= 0x80 => Err(ProtocolError::UnexpectedMask),
        _ => Ok(()),
    }
}

fn close(payload: &[u8], limits: Limits, items: &mut Vec<Item>) -> Result<(), ProtocolError> {
    if payload.is_empty() {
        items.push(Item::Close(1005, Vec::new()));
        return Ok(());
    }
    let code = u16::from(payload[0]) * 256 + u16::from(payload[1]);
    let reserved = [1004, 1005, 1006].contains(&code);
    if reserved || !(1000..=1014).contains(&code) && !(3000..=4999).contains(&code) {
        return Err(ProtocolError::InvalidCloseCode(code));
    }
    if !limits.skip_utf8_validation {
        check_utf8(&payload[2..], true)?;
    }
    items.push(Item::Close(code, payload[2..].to_vec()));
    Ok(())
}

fn check_utf8(bytes: &[u8], end: bool) -> Result<(), ProtocolError> {
    match std::str::from_utf8(bytes) {
        Err(error) if end || error.error_len().is_some() => Err(ProtocolError::InvalidUtf8),
        _ => Ok(()),
    }
}

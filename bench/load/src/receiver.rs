//! The scanner of what a server sends. It looks at headers and tags and jumps
//! over bodies; only a thorough scan (the warm-up's) compares those too.

use crate::failure::{Failure, Outcome};
use crate::frame::{self, Header, OPCODE_CLOSE};
use crate::payload::{self, Payload, TAG_LEN, Tag};

/// Whose messages a connection expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Senders {
    /// Its own, and nobody else's.
    Itself,
    /// Those of connections number 0 up to this one.
    Everybody(usize),
}

/// What every received message is compared with.
pub struct Expectation {
    pub payload: Payload,
    pub senders: Senders,
}

/// What one scan found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Messages of the connection itself that came back.
    pub own: usize,
    /// All messages, its own included.
    pub messages: usize,
    /// Code of a close frame, 1005 if it had none (RFC 6455 §7.1.5).
    pub close: Option<u16>,
}

/// The scanner's state between two reads.
pub struct Receiver {
    tag: Tag,
    /// A frame's beginning that is too short to be judged. The caller puts it
    /// in front of the next bytes.
    carry: Vec<u8>,
    body: Option<Body>,
}

/// A message whose header and tag were right, with `at` bytes of its body seen.
#[derive(Clone, Copy)]
struct Body {
    at: usize,
    own: bool,
}

impl Receiver {
    /// The receiver of connection number `number`.
    pub fn new(number: usize) -> Self {
        Self {
            tag: payload::tag(number),
            carry: Vec::new(),
            body: None,
        }
    }

    /// Moves what the last scan left over to the front of `buffer`; returns its
    /// length. The next scan gets it together with the bytes read behind it.
    pub fn take_carry(&mut self, buffer: &mut [u8]) -> usize {
        let len = self.carry.len();
        if len > 0 {
            buffer[..len].copy_from_slice(&self.carry);
            self.carry.clear();
        }
        len
    }

    /// Scans `bytes`, which begin with what [`Self::take_carry`] returned.
    ///
    /// # Errors
    ///
    /// The first message or frame that is not as expected.
    pub fn scan(
        &mut self,
        bytes: &[u8],
        expectation: &Expectation,
        thorough: bool,
    ) -> Outcome<Found> {
        let expected = expectation.payload.body();
        let mut found = Found::default();
        let mut at = 0;
        loop {
            if let Some(body) = &mut self.body {
                let part = &bytes[at..bytes.len().min(at + expected.len() - body.at)];
                if thorough && *part != expected[body.at..body.at + part.len()] {
                    return Err(Failure::new("a message came back with other content"));
                }
                at += part.len();
                body.at += part.len();
                if body.at < expected.len() {
                    return Ok(found);
                }
                found.messages += 1;
                found.own += usize::from(body.own);
                self.body = None;
            }
            let rest = &bytes[at..];
            let Some(header) = frame::parse_header(rest)? else {
                self.carry.extend_from_slice(rest);
                return Ok(found);
            };
            let needed = if header.opcode == OPCODE_CLOSE {
                header.payload_len
            } else {
                check_header(header, &expectation.payload)?;
                TAG_LEN
            };
            let Some(start) = rest.get(header.len..header.len + needed) else {
                self.carry.extend_from_slice(rest);
                return Ok(found);
            };
            at += header.len + needed;
            if header.opcode == OPCODE_CLOSE {
                found.close = Some(close_code(start));
                // RFC 6455 §5.5.1: nothing follows a close frame.
                return match bytes.len() - at {
                    0 => Ok(found),
                    left => Err(Failure::new(format!("{left} bytes after a close frame"))),
                };
            }
            let own = self.check_tag(start, expectation.senders)?;
            self.body = Some(Body { at: 0, own });
        }
    }

    /// Whether the message is the connection's own.
    #[inline]
    fn check_tag(&self, bytes: &[u8], senders: Senders) -> Outcome<bool> {
        if *bytes == self.tag {
            return Ok(true);
        }
        let sender = bytes.first_chunk().and_then(payload::sender);
        match (senders, sender) {
            (Senders::Everybody(end), Some(sender)) if sender < end => Ok(false),
            _ => Err(Failure::new(format!(
                "a message begins with \"{}\", on the connection of \"{}\"",
                bytes.escape_ascii(),
                self.tag.escape_ascii()
            ))),
        }
    }
}

#[inline]
fn check_header(header: Header, payload: &Payload) -> Outcome<()> {
    if header.opcode == payload.opcode && !header.compressed && header.payload_len == payload.size()
    {
        return Ok(());
    }
    Err(Failure::new(format!(
        "a frame with opcode 0x{:x} and {} bytes where opcode 0x{:x} and {} bytes were sent",
        header.opcode,
        header.payload_len,
        payload.opcode,
        payload.size()
    )))
}

fn close_code(payload: &[u8]) -> u16 {
    payload
        .first_chunk()
        .map_or(1005, |code| u16::from_be_bytes(*code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{OPCODE_TEXT, RSV1};

    /// What a server sends: unmasked.
    fn server_frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode];
        match payload.len() {
            len @ 0..=125 => frame.push(len as u8),
            len => {
                frame.push(126);
                frame.extend_from_slice(&(len as u16).to_be_bytes());
            }
        }
        frame.extend_from_slice(payload);
        frame
    }

    fn expectation(size: usize, senders: Senders) -> Expectation {
        let payload = Payload::new(size, false);
        Expectation { payload, senders }
    }

    /// Feeds the pieces one by one, as reads would deliver them.
    fn scan(pieces: &[&[u8]], expectation: &Expectation) -> Outcome<Found> {
        let mut receiver = Receiver::new(7);
        let mut total = Found::default();
        for piece in pieces {
            let mut buffer = vec![0; 4096];
            let carried = receiver.take_carry(&mut buffer);
            buffer[carried..carried + piece.len()].copy_from_slice(piece);
            let found = receiver.scan(&buffer[..carried + piece.len()], expectation, true)?;
            total.messages += found.messages;
            total.own += found.own;
            total.close = found.close.or(total.close);
        }
        Ok(total)
    }

    #[test]
    fn counts_the_same_whole_byte_by_byte_and_cut_at_every_position() {
        for size in [8, 9, 64, 300] {
            let expectation = expectation(size, Senders::Everybody(10));
            let mut bytes = Vec::new();
            for sender in [7, 3, 7, 9] {
                bytes.extend(server_frame(OPCODE_TEXT, &expectation.payload.of(sender)));
            }
            bytes.extend(server_frame(OPCODE_CLOSE, &1000_u16.to_be_bytes()));
            let expected = Found {
                own: 2,
                messages: 4,
                close: Some(1000),
            };
            let whole = scan(&[&bytes], &expectation).expect("valid");
            assert_eq!(whole, expected);
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(scan(&single, &expectation).expect("valid"), expected);
            for cut in 0..=bytes.len() {
                let (a, b) = bytes.split_at(cut);
                assert_eq!(scan(&[a, b], &expectation).expect("valid"), expected);
            }
        }
    }

    #[test]
    fn fails_on_a_message_of_somebody_else() {
        let expectation = expectation(64, Senders::Itself);
        let frame = server_frame(OPCODE_TEXT, &expectation.payload.of(8));
        assert!(scan(&[&frame], &expectation).is_err());
    }

    #[test]
    fn fails_on_a_sender_that_does_not_exist() {
        let expectation = expectation(64, Senders::Everybody(10));
        let frame = server_frame(OPCODE_TEXT, &expectation.payload.of(10));
        assert!(scan(&[&frame], &expectation).is_err());
    }

    #[test]
    fn fails_on_another_length_type_or_content() {
        let expectation = expectation(64, Senders::Itself);
        let message = expectation.payload.of(7);
        let mut changed = message.clone();
        changed[63] ^= 1;
        for frame in [
            server_frame(OPCODE_TEXT, &message[..63]),
            server_frame(0x2, &message),
            server_frame(OPCODE_TEXT | RSV1, &message),
            server_frame(OPCODE_TEXT, &changed),
        ] {
            assert!(scan(&[&frame], &expectation).is_err());
        }
    }

    #[test]
    fn reports_a_close_frame_without_a_code_as_1005() {
        let expectation = expectation(64, Senders::Itself);
        let found = scan(&[&server_frame(OPCODE_CLOSE, b"")], &expectation);
        assert_eq!(found.expect("valid").close, Some(1005));
        assert!(scan(&[&[0x88, 0x00, 0x81]], &expectation).is_err());
    }
}

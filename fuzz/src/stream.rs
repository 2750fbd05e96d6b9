//! The bytes of a connection, from an input that is much shorter: a fuzzer does not come upon 65 536
//! bytes of payload behind a header that promises them.

use std::ops::Range;

use crate::protocol::Role;

/// Begins a frame that the input describes. All other bytes stand for themselves, and this one
/// cannot: to the protocol it is a byte like its neighbours.
const FRAME: u8 = 0x5a;

/// Bytes, about, at which no more frames are made: two with a 64-bit length fit.
const MOST: usize = 140_000;

/// Bytes of payload behind a length that nobody would send.
const BEGINNING: u64 = 64;

/// Bytes at both ends of a payload that reads may cut anywhere.
const EDGE: usize = 16;

/// Bytes of a read in between: a prime, so that masking keys and characters are cut too.
const LONG_READ: usize = 4093;

pub(crate) struct Stream {
    pub(crate) bytes: Vec<u8>,
    /// Where payloads lie that were made.
    payloads: Vec<Range<usize>>,
}

impl Stream {
    /// The stream that `input` stands for, for a connection that takes messages of `max_payload`
    /// bytes. Behind [`FRAME`] are the frame's first byte, its length, its payload and its key.
    pub(crate) fn expand(role: Role, max_payload: u64, mut input: &[u8]) -> Self {
        let mut stream = Self {
            bytes: Vec::new(),
            payloads: Vec::new(),
        };
        while let &[byte, ref rest @ ..] = input {
            input = rest;
            match rest {
                &[first, length, fill, key, ref rest @ ..] if byte == FRAME => {
                    input = rest;
                    if stream.bytes.len() < MOST {
                        let (length, omitted) = stream.header(role, max_payload, first, length);
                        stream.payload(role, length, omitted, fill, key);
                    }
                }
                _ => stream.bytes.push(byte),
            }
        }
        stream
    }

    /// The start of a header. Returns the payload's length and how many bytes at its end the input
    /// has itself.
    fn header(&mut self, role: Role, max_payload: u64, first: u8, choice: u8) -> (u64, u64) {
        let length = match choice % 16 {
            0 => 0,
            1 => 1,
            2 => 2,
            3 => 124,
            4 => 125,
            5 => 126,
            6 => 127,
            7 => 0xffff,
            8 => 0x1_0000,
            9 => 0x1_0001,
            10 => max_payload.saturating_sub(1),
            11 => max_payload,
            12 => max_payload + 1,
            13 => (1 << 53) - 1,
            14 => 1 << 53,
            _ => u64::MAX,
        };
        let least = match length {
            0..=125 => 0,
            126..=0xffff => 2,
            _ => 8,
        };
        // Or longer than it has to be.
        let extended = least.max([0, 0, 2, 8][usize::from(choice >> 4 & 3)]);
        let short = match extended {
            0 => length as u8,
            2 => 126,
            _ => 127,
        };
        let mask = if role == Role::Server { 0x80 } else { 0 };
        self.bytes.extend([first, mask | short]);
        self.bytes
            .extend_from_slice(&length.to_be_bytes()[8 - extended..]);
        (length, u64::from(choice >> 6))
    }

    /// The masking key and what the frame's payload repeats: `fill`, or a character.
    fn payload(&mut self, role: Role, length: u64, omitted: u64, fill: u8, key: u8) {
        let key = match role {
            Role::Server if key > 0 => [key, !key, key ^ 0x3c, key.rotate_left(3)],
            _ => [0; 4],
        };
        if role == Role::Server {
            self.bytes.extend(key);
        }
        let alone = [fill];
        let unit = match fill % 4 {
            1 if fill >= 0x80 => "é".as_bytes(),
            2 if fill >= 0x80 => "€".as_bytes(),
            3 if fill >= 0x80 => "😀".as_bytes(),
            _ => &alone,
        };
        // It may begin within a character, as a fragment does.
        let characters = unit.iter().cycle().skip(usize::from(fill >> 2 & 3));
        let made = if length > 2 * MOST as u64 {
            BEGINNING
        } else {
            length.saturating_sub(omitted)
        };
        let from = self.bytes.len();
        let masked = characters.zip(key.iter().cycle()).map(|(a, b)| a ^ b);
        self.bytes.extend(masked.take(made as usize));
        self.payloads.push(from..self.bytes.len());
    }

    /// The stream in reads of `length` bytes, but for the middle of long payloads: where nothing
    /// happens, reads are long.
    pub(crate) fn reads(&self, length: usize) -> Vec<&[u8]> {
        let mut reads = Vec::new();
        let mut at = 0;
        for payload in &self.payloads {
            let middle = payload.start + EDGE..payload.end.saturating_sub(EDGE);
            if middle.len() > EDGE {
                reads.extend(self.bytes[at..middle.start].chunks(length));
                reads.extend(self.bytes[middle.clone()].chunks(length.max(LONG_READ)));
                at = middle.end;
            }
        }
        reads.extend(self.bytes[at..].chunks(length));
        reads
    }
}

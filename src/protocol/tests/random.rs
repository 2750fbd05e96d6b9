//! Pseudo-random input that is the same on each run.

use super::{FrameHeader, Opcode, mask};

/// xorshift64, G. Marsaglia, 2003.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        ((self.next() >> 16) % bound as u64) as usize
    }

    pub(super) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.next() >> 32) as u8).collect()
    }

    /// About `length` bytes of UTF-8 with characters of every length.
    pub(super) fn text(&mut self, length: usize) -> Vec<u8> {
        let mut text = String::new();
        while text.len() < length {
            text.push(['a', 'é', '€', '𝄞', '\u{7ff}', '\u{d7ff}', '\u{10ffff}'][self.below(7)]);
        }
        text.into_bytes()
    }

    /// Now and then, a byte that does not belong where it is.
    pub(super) fn damage(&mut self, bytes: &mut [u8]) {
        if !bytes.is_empty() {
            let at = self.below(bytes.len());
            bytes[at] ^= 1 << self.below(8);
        }
    }

    /// Splits bytes into reads of random lengths.
    pub(super) fn cut<'a>(&mut self, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let mut reads = Vec::new();
        while !bytes.is_empty() {
            let (read, rest) = bytes.split_at(1 + self.below(bytes.len()));
            reads.push(read);
            bytes = rest;
        }
        reads
    }

    /// A stream of messages in fragments with control frames between them; mostly valid.
    pub(super) fn stream(&mut self, masked: bool) -> Vec<u8> {
        let mut stream = Vec::new();
        for _ in 0..1 + self.below(4) {
            let text = self.one_in(2);
            let length = [0, 3, 20, 130, 300][self.below(5)];
            let mut payload = if text {
                self.text(length)
            } else {
                self.bytes(length)
            };
            if self.one_in(8) {
                self.damage(&mut payload);
            }
            let mut opcode = if text { Opcode::TEXT } else { Opcode::BINARY };
            let mut rest = &payload[..];
            while self.one_in(2) {
                let (piece, after) = rest.split_at(self.below(rest.len() + 1));
                self.frame(&mut stream, masked, false, opcode, piece);
                opcode = Opcode::CONTINUATION;
                rest = after;
                if self.one_in(3) {
                    let length = self.below(126);
                    let ping = self.bytes(length);
                    let kind = [Opcode::PING, Opcode::PONG][self.below(2)];
                    self.frame(&mut stream, masked, true, kind, &ping);
                }
            }
            self.frame(&mut stream, masked, true, opcode, rest);
        }
        if self.one_in(3) {
            let mut close = close_payload(self.text(8));
            if self.one_in(3) {
                self.damage(&mut close);
            }
            self.frame(&mut stream, masked, true, Opcode::CLOSE, &close);
        }
        if self.one_in(4) {
            self.damage(&mut stream);
        }
        stream
    }

    fn frame(&mut self, out: &mut Vec<u8>, masked: bool, fin: bool, opcode: Opcode, data: &[u8]) {
        let key = (self.next() as u32).to_be_bytes();
        out.extend_from_slice(&frame(fin, opcode, masked.then_some(key), data));
    }
}

fn close_payload(reason: Vec<u8>) -> Vec<u8> {
    [&[0x03, 0xe8][..], &reason].concat()
}

/// An encoded frame.
pub(super) fn frame(fin: bool, opcode: Opcode, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader {
        fin,
        rsv1: false,
        opcode,
        mask,
        length: payload.len() as u64,
    };
    let mut out = [0; FrameHeader::MAX_LENGTH];
    let length = header.encode(&mut out);
    let mut bytes = [&out[..length], payload].concat();
    if let Some(key) = mask {
        mask::apply(&mut bytes[length..], key);
    }
    bytes
}

//! Tests of the decoder as a whole; those of one file's own rules stand in that file.

#![allow(clippy::unwrap_used)] // a test may panic

mod bad_input;
mod compression;
mod frames;
mod limits;
mod random;
mod reference;
mod refusals;
mod replay;
mod slow_inflate;
mod text;
mod twins;

use super::{
    Connection, Event, FrameHeader, Limits, MessageKind, Opcode, ProtocolError, Role, mask,
};

/// Bytes from hexadecimal digits; spaces are for the eye.
fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(|byte| *byte != b' ').collect();
    let (pairs, []) = digits.as_chunks::<2>() else {
        panic!("an odd number of digits");
    };
    pairs
        .iter()
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

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

/// All `cases`; under Miri, to which each takes a thousand times as long, one of `n`.
pub(crate) fn sample<T>(n: usize, cases: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
    cases.into_iter().step_by(if cfg!(miri) { n } else { 1 })
}

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

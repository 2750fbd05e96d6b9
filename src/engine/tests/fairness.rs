//! One connection keeps no others waiting for longer than its turn, however many batches that fills.

use std::io::{ErrorKind, Write};

use super::{Bench, Record, frame};
use crate::engine::SCALE;
use crate::engine::batch::Kind;
use crate::engine::token::Token;

/// More than one connection may have in a turn, and more than a batch holds.
const MANY: usize = if cfg!(miri) { 1500 } else { 20_000 };

/// What one connection may have of a turn: 256 KiB, a message counting as 64 bytes more.
fn most(frame_length: usize) -> usize {
    256 * 1024 / SCALE / (frame_length + 64)
}

/// How many messages of `flooded` are told of before the first one of `quiet`.
fn before(seen: &[Record], flooded: Token, quiet: Token) -> usize {
    let first = seen.iter().position(|record| record.slot == quiet.slot);
    let first = first.expect("a message of the other connection");
    assert!(
        seen[..first]
            .iter()
            .all(|record| record.slot == flooded.slot)
    );
    first
}

/// Has all been told of?
fn assert_whole(seen: &[Record], flooded: Token, count: usize) {
    let messages = seen
        .iter()
        .filter(|record| record.slot == flooded.slot && record.kind == Kind::Binary as u8);
    assert_eq!(messages.count(), count);
}

/// `quiet` is served within a turn, and all `arrived` messages of `flooded`, of `length` bytes on the wire, are told.
fn assert_fair(bench: &mut Bench, flooded: Token, quiet: Token, length: usize, arrived: usize) {
    let mut seen = bench.turn();
    let count = before(&seen, flooded, quiet);
    // One batch more, which was begun with the last byte of it.
    assert!((1..=most(length) + 1024).contains(&count), "{count}");
    seen.extend(bench.settle());
    assert_whole(&seen, flooded, arrived);
}

#[test]
fn what_was_received_with_the_request_holds_up_another_connection_for_a_turn_only() {
    for payload in [&[][..], &[7; 100]] {
        let mut bench = Bench::new();
        let bytes = frame(0x82, payload);
        let (flooded, _peer) = bench.connect(&bytes.repeat(MANY));
        let (quiet, mut other) = bench.connect(b"");
        other.write_all(&frame(0x81, b"hello")).expect("written");

        assert_fair(&mut bench, flooded, quiet, bytes.len(), MANY);
    }
}

#[test]
fn a_flood_of_small_messages_holds_up_another_connection_for_a_turn_only() {
    let mut bench = Bench::new();
    let (flooded, mut peer) = bench.connect(b"");
    let (quiet, mut other) = bench.connect(b"");
    let empty = frame(0x82, b"");
    peer.set_nonblocking(true).expect("set");
    // As much as the kernel takes.
    let flood = empty.repeat(if cfg!(miri) { MANY } else { 5 * MANY });
    let mut sent = 0;
    while sent < flood.len() {
        match peer.write(&flood[sent..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    let arrived = sent / empty.len();
    assert!(arrived > 2 * most(empty.len()), "{arrived}");
    other.write_all(&frame(0x81, b"hello")).expect("written");

    assert_fair(&mut bench, flooded, quiet, empty.len(), arrived);
}

#[test]
fn a_long_chunk_of_one_stream_holds_up_another_for_a_turn_only() {
    for payload in [&[][..], &[7; 100]] {
        let mut bench = Bench::new();
        let (flooded, quiet) = (bench.add_stream(), bench.add_stream());
        let bytes = frame(0x82, payload);
        bench.reactor.push(flooded, &bytes.repeat(MANY));
        bench.reactor.push(quiet, &frame(0x81, b"hello"));

        assert_fair(&mut bench, flooded, quiet, bytes.len(), MANY);
    }
}

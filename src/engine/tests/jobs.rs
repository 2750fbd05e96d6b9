//! What other threads compress and decompress: how much of it at once.

use std::io::Write;
use std::time::Duration;

use super::Kind;
use super::deflated::*;
use super::frame;
use crate::engine::SCALE;
use crate::engine::jobs::{FrameEnd, Inflate};
use crate::engine::outbox::Command;
use crate::engine::token::Token;
use crate::protocol::inflate::Inflater;
use crate::protocol::{MessageKind, ProtocolError};

const CONNECTIONS: usize = 20;

/// Where the payloads are that wait at a connection.
fn held(pooled: &Pooled, token: Token) -> Vec<*const u8> {
    let held = pooled.deflation(token).held.iter();
    held.map(|held| held.payload.as_ptr()).collect()
}

#[test]
fn a_payload_is_copied_once_however_long_it_waits_and_for_however_many() {
    let mut pooled = Pooled::new();
    let tokens = [0; 2].map(|_| pooled.bench.reactor.add_stream(settings(true, 0)));
    let command = Command::from_byte(TEXT).expect("known");
    for byte in 0..3 {
        for token in tokens {
            let reactor = &mut pooled.bench.reactor;
            reactor.write_now(token, command, &[byte; 100_000 / SCALE]);
        }
    }
    let before = held(&pooled, tokens[0]);
    assert_eq!(before.len(), 2);
    assert_eq!(before, held(&pooled, tokens[1]));

    for token in tokens {
        while held(&pooled, token).len() == 2 {
            pooled.finish(1);
        }
    }
    for token in tokens {
        let after = held(&pooled, token);
        assert!(after.is_empty() || after == before[1..]);
    }
}

#[test]
fn frames_that_become_large_wait_for_those_before_them_to_be_accepted_in_a_turn() {
    let mut pooled = Pooled::new();
    pooled.bench.collects = false;
    let frame = frame(0xc2, &deflate(&[], &[0; 2_000_000 / SCALE]));
    for _ in 0..CONNECTIONS {
        let token = pooled.bench.reactor.add_stream(settings(true, 0));
        pooled.bench.reactor.push(token, &frame);
    }
    assert_eq!(messages(&mut pooled), 0);

    for accepted in 0..CONNECTIONS {
        let left = CONNECTIONS - accepted;
        let codecs = &pooled.bench.reactor.codecs;
        assert_eq!(codecs.inflating, left.min(CONCURRENCY));
        assert_eq!(codecs.to_inflate.len(), left.saturating_sub(CONCURRENCY));
        pooled.wait();
        pooled.bench.collects = false;
        assert_eq!(messages(&mut pooled), 0, "nobody has looked at it");
        pooled.bench.collects = true;
        assert_eq!(messages(&mut pooled), 1, "one is much");
    }
    assert!(!pooled.bench.reactor.is_referenced());
}

#[test]
fn a_frame_is_decompressed_to_no_more_memory_than_it_may_have() {
    for limit in [700_000 / SCALE, 3_000_000 / SCALE] {
        for (length, fits) in [
            (limit, true),
            (limit + 1, false),
            ((8 << 20) / SCALE, false),
        ] {
            let mut inflater = Inflater::new();
            inflater.begin(&[]);
            let mut job = Inflate {
                token: Token {
                    slot: 0,
                    generation: 0,
                },
                frame: FrameEnd {
                    kind: MessageKind::Binary,
                    fin: true,
                },
                inflater,
                window: Vec::new(),
                bytes: deflate(&[], &vec![0; length]),
                position: 0,
                limit,
            };
            match job.run() {
                Ok(output) => {
                    assert!(fits && output == vec![0; length]);
                    // One more would have shown that it is too long.
                    let most = limit + 1;
                    assert!(output.capacity() <= most, "{}", output.capacity());
                }
                Err(error) => {
                    assert!(!fits);
                    assert_eq!(error, ProtocolError::MaxPayloadExceeded);
                }
            }
        }
    }
}

#[test]
fn messages_that_are_being_compressed_can_be_waited_for_and_nothing_else_is() {
    let mut pooled = Pooled::new();
    pooled.bench.collects = false;
    let mut peers = [0; 4].map(|_| pooled.connect(settings(true, 0)));
    let tokens = [0, 1].map(|index: usize| peers[index].0);
    let large = letters(40_000 / SCALE, 1);
    assert!(!pooled.bench.reactor.await_deflated(PATIENCE));

    // All threads have messages to decompress before, and one each waits behind the first.
    let held = hold_jobs();
    let zeros = frame(0xc2, &deflate(&[], &[0; 2_000_000 / SCALE]));
    for (_, peer) in &mut peers[2..] {
        peer.write_all(&zeros).expect("written");
    }
    pooled.bench.settle();
    for message in [&large[..], &large] {
        pooled.send(&tokens, TEXT, message);
    }
    assert!(!pooled.bench.reactor.await_deflated(Duration::ZERO));
    drop(held);
    while pooled.bench.reactor.await_deflated(PATIENCE) {}
    for (_, peer) in &mut peers[..2] {
        assert!(inflate(&[], &read_frame(peer).1) == large);
        assert!(inflate(&large, &read_frame(peer).1) == large);
    }
    for token in tokens {
        assert_eq!(pooled.bench.reactor.queued(token), 0);
    }
    for _ in 0..6 {
        pooled.wait();
    }
    pooled.bench.collects = true;
    assert_eq!([messages(&mut pooled), messages(&mut pooled)], [1, 1]);
}

/// How many messages a turn brings.
fn messages(pooled: &mut Pooled) -> usize {
    let seen = pooled.bench.turn();
    let large = seen
        .iter()
        .filter(|record| record.kind == Kind::LargeBinary as u8);
    large.count()
}

#[test]
fn streams_and_reactors_end_at_any_time_while_other_threads_work_for_them() {
    let command = Command::from_byte(BINARY).expect("known");
    let frame = frame(0xc2, &deflate(&[], &[0; 500_000 / SCALE]));
    for round in 0..if cfg!(miri) { 2 } else { 12 } {
        let mut pooled = Pooled::new();
        let mut told = 0;
        for number in 0..CONNECTIONS {
            let reactor = &mut pooled.bench.reactor;
            let token = reactor.add_stream(settings(true, 0));
            reactor.push(token, &frame);
            reactor.write_now(token, command, &[0; 40_000 / SCALE]);
            reactor.write_now(token, command, &[1; 40_000 / SCALE]);
            if number % 3 == 0 {
                told += messages(&mut pooled);
            }
            if (number + round) % 4 == 0 {
                pooled.bench.reactor.close_stream(token);
            }
        }
        // Every other one is dropped with all that is under way.
        while round % 2 == 0 && pooled.bench.reactor.is_referenced() {
            if pooled.bench.reactor.codecs.completions.outstanding() > 0 {
                pooled.wait();
            }
            told += messages(&mut pooled);
        }
        if round % 2 == 0 {
            assert_eq!(told, CONNECTIONS, "what streams brought before they closed");
            let codecs = &pooled.bench.reactor.codecs;
            assert_eq!(codecs.inflating, 0);
            assert!(codecs.to_inflate.is_empty());
        }
    }
}

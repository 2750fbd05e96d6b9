//! What other threads compress and decompress.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use super::batch::{Batch, Kind};
use super::connection::Settings;
use super::deflation::DeflateSettings;
use super::message::LargePayloads;
use super::outbox::Command;
use super::reactor::Reactor;
use super::token::Token;
use crate::protocol::deflate::{Agreement, Compression, Deflater};
use crate::protocol::{Limits, Role};

const CONNECTIONS: usize = 20;
const CONCURRENCY: usize = 3;

struct Vectors;

impl LargePayloads for Vectors {
    type Payload = Vec<u8>;

    fn allocate(&mut self, capacity: usize) -> Option<Vec<u8>> {
        Some(vec![0; capacity])
    }

    fn bytes<'a>(&self, payload: &'a mut Vec<u8>) -> &'a mut [u8] {
        payload
    }

    fn deliver(&mut self, _: Vec<u8>) -> usize {
        0
    }

    fn release(&mut self, _: Vec<u8>) {}
}

fn compression() -> Compression {
    Compression::new(6, 8, 0, 15).expect("in range")
}

/// A reactor, and what receives something whenever a job has ended.
fn new_reactor() -> (Reactor<Vec<u8>>, Receiver<()>) {
    let mut reactor = Reactor::new();
    let (sender, receiver) = channel();
    reactor.notify_by(Arc::new(move || {
        let _ = sender.send(());
    }));
    (reactor, receiver)
}

fn add_stream(reactor: &mut Reactor<Vec<u8>>, role: Role) -> Token {
    let agreement = Agreement {
        send_takeover: true,
        compression: compression(),
        receive_takeover: true,
        receive_window_bits: 15,
    };
    reactor.add_stream(Settings {
        role,
        limits: Limits::default(),
        deflate: Some(DeflateSettings {
            agreement,
            release_after: 0,
            concurrency: CONCURRENCY,
        }),
    })
}

/// Fills a batch; returns how many messages it holds.
fn fill(reactor: &mut Reactor<Vec<u8>>) -> usize {
    let (mut arena, mut records) = (vec![0; 512 * 1024], vec![0; 4096]);
    let mut batch = Batch::new(&mut arena, &mut records);
    let mut budget = CONNECTIONS;
    reactor.fill(&mut batch, &mut Vectors, &mut budget);
    let count = batch.len();
    let records = records[..4 * count].chunks(4);
    records
        .filter(|record| record[1] as u8 == Kind::LargeBinary as u8)
        .count()
}

/// Where the payloads are that wait at a connection.
fn held(reactor: &Reactor<Vec<u8>>, token: Token) -> Vec<*const u8> {
    let connection = reactor.get(token).expect("open");
    let deflation = connection.deflation.as_ref().expect("agreed on");
    let held = deflation.held.iter();
    held.map(|held| held.payload.as_ptr()).collect()
}

#[test]
fn a_payload_is_copied_once_however_long_it_waits_and_for_however_many() {
    let (mut reactor, receiver) = new_reactor();
    let tokens = [0; 2].map(|_| add_stream(&mut reactor, Role::Server));
    // A text message that is compressed.
    let command = Command::from_byte(0x91).expect("known");
    for byte in 0..3 {
        for token in tokens {
            reactor.write_now(token, command, &[byte; 100_000]);
        }
    }
    let before = held(&reactor, tokens[0]);
    assert_eq!(before.len(), 2);
    assert_eq!(before, held(&reactor, tokens[1]));

    for token in tokens {
        while held(&reactor, token).len() == 2 {
            receiver.recv().expect("a job ends");
            reactor.collect_finished();
            fill(&mut reactor);
        }
    }
    for token in tokens {
        let after = held(&reactor, token);
        assert!(after.is_empty() || after == before[1..]);
    }
}

/// A frame of a message of `length` zeros, compressed.
fn compressed_frame(length: usize) -> Vec<u8> {
    let mut payload = Vec::new();
    Deflater::new(compression()).deflate(&vec![0; length], true, &mut payload);
    let mut frame = vec![0xc2, 126];
    frame.extend((payload.len() as u16).to_be_bytes());
    frame.extend(payload);
    frame
}

#[test]
fn frames_that_become_large_wait_for_those_before_them_to_be_accepted_in_a_turn() {
    let (mut reactor, receiver) = new_reactor();
    let frame = compressed_frame(2_000_000);
    for _ in 0..CONNECTIONS {
        let token = add_stream(&mut reactor, Role::Client);
        reactor.push(token, &frame);
    }
    assert_eq!(fill(&mut reactor), 0);

    for accepted in 0..CONNECTIONS {
        let left = CONNECTIONS - accepted;
        assert_eq!(reactor.codecs.inflating, left.min(CONCURRENCY));
        let waiting = reactor.codecs.to_inflate.len();
        assert_eq!(waiting, left.saturating_sub(CONCURRENCY));
        receiver.recv().expect("a job ends");
        assert_eq!(fill(&mut reactor), 0, "the same turn goes on");
        reactor.collect_finished();
        assert_eq!(fill(&mut reactor), 1, "one is much");
    }
    assert!(!reactor.is_referenced());
}

#[test]
fn streams_and_reactors_end_at_any_time_while_other_threads_work_for_them() {
    let command = Command::from_byte(0x91).expect("known");
    let frame = compressed_frame(500_000);
    for round in 0..12 {
        let (mut reactor, receiver) = new_reactor();
        let mut told = 0;
        for number in 0..CONNECTIONS {
            let token = add_stream(&mut reactor, Role::Client);
            reactor.push(token, &frame);
            reactor.write_now(token, command, &[0; 40_000]);
            reactor.write_now(token, command, &[1; 40_000]);
            if number % 3 == 0 {
                told += fill(&mut reactor);
            }
            if (number + round) % 4 == 0 {
                reactor.close_stream(token);
            }
        }
        // Every other one is dropped with all that is under way.
        while round % 2 == 0 && reactor.is_referenced() {
            if reactor.codecs.completions.outstanding() > 0 {
                receiver.recv().expect("a job ends");
            }
            reactor.collect_finished();
            told += fill(&mut reactor);
        }
        if round % 2 == 0 {
            assert_eq!(told, CONNECTIONS, "what streams brought before they closed");
            assert_eq!(reactor.codecs.inflating, 0);
            assert!(reactor.codecs.to_inflate.is_empty());
        }
    }
}

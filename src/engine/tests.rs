//! The engine on socket pairs, with payload buffers that are plain vectors.

// The peers of the sockets under test are the standard library's.
#![allow(clippy::disallowed_types)]

mod broken;
mod compression;
mod decompression;
mod deflated;

use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use super::batch::{Batch, Kind};
use super::connection::Settings;
use super::intake::Intake;
use super::message::LargePayloads;
use super::outbox::Outbox;
use super::reactor::Reactor;
use super::token::Token;
use crate::protocol::{Limits, Role};

/// Large payloads that are vectors; `panics` has the next one blow up.
#[derive(Default)]
struct Vectors {
    delivered: Vec<Vec<u8>>,
    largest: usize,
    panics: bool,
}

impl LargePayloads for Vectors {
    type Payload = Vec<u8>;

    fn allocate(&mut self, capacity: usize) -> Option<Vec<u8>> {
        assert!(!self.panics, "injected");
        self.largest = self.largest.max(capacity);
        Some(vec![0xee; capacity])
    }

    fn bytes<'a>(&self, payload: &'a mut Vec<u8>) -> &'a mut [u8] {
        payload
    }

    fn deliver(&mut self, payload: Vec<u8>) -> usize {
        self.delivered.push(payload);
        self.delivered.len() - 1
    }

    fn release(&mut self, _payload: Vec<u8>) {}
}

/// A record with what it points at.
#[derive(Debug, PartialEq, Eq)]
struct Record {
    slot: u32,
    kind: u8,
    payload: Vec<u8>,
}

struct Bench {
    reactor: Reactor<Vec<u8>>,
    larges: Vectors,
    arena: Vec<u8>,
    records: Vec<i32>,
    /// Whether a turn looks at what other threads have done.
    collects: bool,
}

impl Bench {
    fn new() -> Self {
        let mut reactor = Reactor::new();
        reactor.watch_sockets().expect("an epoll instance");
        Bench {
            reactor,
            larges: Vectors::default(),
            arena: vec![0; 512 * 1024],
            records: vec![0; 1024 * 4],
            collects: true,
        }
    }

    /// A connection with `head` received already, and its peer.
    fn connect(&mut self, head: &[u8]) -> (Token, UnixStream) {
        let settings = Settings {
            deflate: None,
            role: Role::Server,
            limits: Limits::default(),
        };
        self.connect_with(settings, head)
    }

    fn connect_with(&mut self, settings: Settings, head: &[u8]) -> (Token, UnixStream) {
        let (ours, theirs) = UnixStream::pair().expect("a socket pair");
        let socket = super::adopt(ours.as_raw_fd()).expect("adopted");
        drop(ours);
        let token = self
            .reactor
            .add(socket, settings, head)
            .expect("registered");
        (token, theirs)
    }

    /// One turn: all batches, as JavaScript would see them.
    fn turn(&mut self) -> Vec<Record> {
        self.reactor.poll().expect("polled");
        if self.collects {
            self.reactor.collect_finished();
        }
        let mut budget = self.reactor.ready();
        let mut seen = Vec::new();
        loop {
            let mut batch = Batch::new(&mut self.arena, &mut self.records);
            self.reactor.fill(&mut batch, &mut self.larges, &mut budget);
            let count = batch.len();
            if count == 0 {
                return seen;
            }
            for record in self.records[..count * 4].chunks(4) {
                let kind = record[1] as u8;
                let (offset, length) = (record[2] as usize, record[3] as usize);
                let payload = match kind {
                    kind if kind == Kind::Close as u8 => {
                        self.arena[offset..offset + (length >> 16)].to_vec()
                    }
                    kind if kind == Kind::LargeText as u8 || kind == Kind::LargeBinary as u8 => {
                        self.larges.delivered[offset][..length].to_vec()
                    }
                    kind if kind <= Kind::Pong as u8 => {
                        self.arena[offset..offset + length].to_vec()
                    }
                    _ => Vec::new(),
                };
                seen.push(Record {
                    slot: record[0] as u32,
                    kind,
                    payload,
                });
            }
            self.larges.delivered.clear();
        }
    }

    /// Turns until nothing is left to do.
    fn settle(&mut self) -> Vec<Record> {
        let mut seen = self.turn();
        while self.reactor.has_work() {
            seen.extend(self.turn());
        }
        seen
    }

    /// A connection whose bytes a stream moves.
    fn add_stream(&mut self) -> Token {
        self.reactor.add_stream(Settings {
            deflate: None,
            role: Role::Server,
            limits: Limits::default(),
        })
    }

    /// Takes chunks that streams have read into one batch; returns how many records it holds.
    fn take_intake(&mut self, chunks: &[(Token, &[u8])]) -> usize {
        let records: Vec<i32> = chunks
            .iter()
            .flat_map(|(token, chunk)| {
                [
                    token.slot as i32,
                    token.generation as i32,
                    chunk.len() as i32,
                ]
            })
            .collect();
        let bytes: Vec<u8> = chunks
            .iter()
            .flat_map(|(_, chunk)| chunk.to_vec())
            .collect();
        let intake = Intake::new(&records, chunks.len(), &bytes);
        let mut batch = Batch::new(&mut self.arena, &mut self.records);
        self.reactor
            .take_intake(intake, &mut batch, &mut self.larges);
        batch.len()
    }

    fn flush(&mut self, records: &[i32], arena: &[u8]) {
        self.reactor
            .flush(Outbox::new(records, arena), &mut self.larges);
    }
}

/// A masked frame, RFC 6455 §5.2; the key is zero but for its last byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend([0, 0, 0, 0x2a]);
    bytes.extend(
        payload
            .iter()
            .enumerate()
            .map(|(i, byte)| if i % 4 == 3 { byte ^ 0x2a } else { *byte }),
    );
    bytes
}

fn text(slot: u32, payload: &[u8]) -> Record {
    Record {
        slot,
        kind: Kind::Text as u8,
        payload: payload.to_vec(),
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 % 251) as u8).collect()
}

#[test]
fn what_came_before_the_adoption_comes_first() {
    let mut bench = Bench::new();
    let whole = frame(0x81, b"one");
    let (token, mut peer) = bench.connect(&whole[..5]);
    peer.write_all(&whole[5..]).expect("written");
    peer.write_all(&frame(0x81, b"two")).expect("written");
    assert_eq!(
        bench.settle(),
        [text(token.slot, b"one"), text(token.slot, b"two")]
    );
}

#[test]
fn a_head_of_many_frames_is_delivered_whole_over_several_batches() {
    let mut bench = Bench::new();
    let messages: Vec<Vec<u8>> = (0..5000)
        .map(|i| format!("message {i}").into_bytes())
        .collect();
    let head: Vec<u8> = messages
        .iter()
        .flat_map(|message| frame(0x81, message))
        .collect();
    let (token, _peer) = bench.connect(&head);
    let expected: Vec<Record> = messages
        .iter()
        .map(|message| text(token.slot, message))
        .collect();
    assert!(bench.settle() == expected);
}

#[test]
fn messages_of_every_size_arrive_whole_and_no_claim_reserves_memory() {
    for length in [
        0, 1, 125, 126, 4096, 65_535, 65_536, 65_537, 200_000, 3_000_000,
    ] {
        let mut bench = Bench::new();
        let (token, mut peer) = bench.connect(&[]);
        let payload = pattern(length);
        let sent = frame(0x82, &payload);
        let writer = std::thread::spawn(move || {
            peer.write_all(&sent).expect("written");
            peer
        });
        let mut seen = Vec::new();
        while seen.is_empty() {
            seen = bench.turn();
            assert!(
                bench.larges.largest <= length,
                "{length}: {}",
                bench.larges.largest
            );
        }
        let kind = if length < 65_536 {
            Kind::Binary
        } else {
            Kind::LargeBinary
        };
        // A large message that fits the first read may still be delivered from the arena.
        assert!(seen[0].kind == kind as u8 || seen[0].kind == Kind::Binary as u8);
        assert!(
            seen.len() == 1 && seen[0].slot == token.slot && seen[0].payload == payload,
            "{length}"
        );
        drop(writer.join());
    }
}

#[test]
fn a_fragmented_large_message_arrives_whole_in_a_buffer_of_about_its_size() {
    let mut bench = Bench::new();
    let (token, mut peer) = bench.connect(&[]);
    let payload = pattern(1_000_000);
    let mut sent = Vec::new();
    for (index, piece) in payload.chunks(15_625).enumerate() {
        let first = if index == 0 { 0x02 } else { 0x00 } | if index == 63 { 0x80 } else { 0 };
        sent.extend(frame(first, piece));
    }
    let writer = std::thread::spawn(move || {
        peer.write_all(&sent).expect("written");
        peer
    });
    let mut seen = Vec::new();
    while seen.is_empty() {
        seen = bench.turn();
    }
    let ends: Vec<u8> = (1..=64u32)
        .flat_map(|n| (n * 15_625).to_le_bytes())
        .collect();
    assert_eq!(
        (seen[0].kind, &seen[0].payload),
        (Kind::Fragments as u8, &ends)
    );
    assert!(seen.len() == 2 && seen[1].slot == token.slot && seen[1].payload == payload);
    assert!(bench.larges.largest <= 8 * payload.len());
    drop(writer.join());
}

#[test]
fn data_and_fin_at_once_are_both_seen() {
    let mut bench = Bench::new();
    let (token, mut peer) = bench.connect(&[]);
    peer.write_all(&frame(0x81, b"last words"))
        .expect("written");
    drop(peer);
    let seen = bench.settle();
    assert_eq!(seen[0], text(token.slot, b"last words"));
    assert_eq!(seen[1].kind, Kind::Ended as u8);
}

#[test]
fn a_record_for_an_earlier_generation_reaches_nobody() {
    let mut bench = Bench::new();
    let (old, old_peer) = bench.connect(&[]);
    bench.reactor.destroy(old, false);
    assert_eq!(bench.settle()[0].kind, Kind::Closed as u8);
    bench.flush(&[old.slot as i32, old.tag(0x5), 0, 0], &[]);
    let (new, mut peer) = bench.connect(&[]);
    assert_eq!(new.slot, old.slot);
    bench.flush(
        &[
            old.slot as i32,
            old.tag(0x81),
            0,
            3,
            new.slot as i32,
            new.tag(0x81),
            3,
            3,
        ],
        b"oldnew",
    );
    bench.reactor.destroy(old, false);
    let mut received = [0; 5];
    peer.read_exact(&mut received).expect("read");
    assert_eq!(received, *b"\x81\x03new");
    drop(old_peer);
}

#[test]
fn what_the_kernel_refuses_follows_in_order_and_is_told_when_it_is_written() {
    let mut bench = Bench::new();
    let (token, mut peer) = bench.connect(&[]);
    let payload = pattern(300_000);
    // Operation: BINARY | FIN | NOTIFY.
    let record = [token.slot as i32, token.tag(0xc2), 0, payload.len() as i32];
    for _ in 0..8 {
        bench.flush(&record, &payload);
    }
    assert!(bench.reactor.queued(token) > 0);
    let reader = std::thread::spawn(move || {
        let mut received = vec![0; 8 * (300_000 + 10)];
        peer.read_exact(&mut received).expect("read");
        received
    });
    let mut drained = 0;
    while drained == 0 {
        drained = bench
            .turn()
            .iter()
            .filter(|record| record.kind == Kind::Drained as u8)
            .count();
    }
    let received = reader.join().expect("joined");
    for frame in received.chunks(300_010) {
        assert_eq!(frame[..10], [0x82, 127, 0, 0, 0, 0, 0, 4, 0x93, 0xe0]);
        assert!(frame[10..] == payload);
    }
    assert_eq!(bench.reactor.queued(token), 0);
}

#[test]
fn a_duplicate_is_taken_and_what_is_no_stream_socket_is_not() {
    let (ours, _theirs) = UnixStream::pair().expect("a socket pair");
    let socket = super::adopt(ours.as_raw_fd()).expect("adopted");
    assert_ne!(socket.as_raw_fd(), ours.as_raw_fd());
    assert!(super::adopt(-1).is_err());
    let (reader, _writer) = std::io::pipe().expect("a pipe");
    let reader: OwnedFd = reader.into();
    assert!(super::adopt(reader.as_raw_fd()).is_err());
}

#[test]
fn chunks_of_streams_are_decoded_while_the_batch_has_room_and_wait_otherwise() {
    let mut bench = Bench::new();
    let (one, other) = (bench.add_stream(), bench.add_stream());
    let cut = frame(0x81, b"in pieces");
    let whole = frame(0x81, b"whole");
    let chunks = [(one, &cut[..3]), (other, &whole[..]), (one, &cut[3..])];
    assert_eq!(bench.take_intake(&chunks), 2);
    assert!(!bench.reactor.has_work());
    // More messages than a batch has records.
    let many: Vec<u8> = (0..2000).flat_map(|_| whole.clone()).collect();
    let count = bench.take_intake(&[(one, &many)]);
    assert!((1000..1024).contains(&count), "{count}");
    assert!(bench.reactor.has_work());
    assert_eq!(bench.take_intake(&[(other, &whole), (one, &cut)]), 0);
    let rest = bench.settle();
    let of = |slot, payload| {
        rest.iter()
            .filter(|&seen| *seen == text(slot, payload))
            .count()
    };
    assert_eq!(of(one.slot, b"whole"), 2000 - count);
    assert_eq!(of(other.slot, b"whole"), 1);
    assert_eq!(
        rest.iter().rfind(|record| record.slot == one.slot),
        Some(&text(one.slot, b"in pieces"))
    );
    assert_eq!(rest.len(), 2000 - count + 2);
}

#[test]
fn what_streams_have_to_write_is_taken_in_pieces_that_fit() {
    let mut bench = Bench::new();
    let (one, other) = (bench.add_stream(), bench.add_stream());
    let slots = [one, other].map(|token| token.slot as i32);
    let tags = [one, other].map(|token| token.tag(0x82 | 0x40));
    bench.flush(
        &[slots[0], tags[0], 0, 5, slots[1], tags[1], 5, 3],
        b"abcdexyz",
    );
    let mut memory = [0; 4];
    let mut take = |all, length: usize| {
        let taken = bench.reactor.take_output(&mut memory[..length], all)?;
        let bytes = memory[..taken.length].to_vec();
        Some((taken.token, bytes, taken.marks))
    };
    assert!(take(false, 4).is_none());
    assert_eq!(take(true, 4), Some((one, b"\x82\x05ab".to_vec(), 0)));
    assert_eq!(take(false, 3), Some((one, b"cde".to_vec(), 1)));
    assert_eq!(take(true, 4), Some((other, b"\x82\x03xy".to_vec(), 0)));
    assert_eq!(take(true, 4), Some((other, b"z".to_vec(), 1)));
    assert!(take(true, 4).is_none() && !bench.reactor.has_output());
}

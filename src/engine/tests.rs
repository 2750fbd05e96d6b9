//! The engine on socket pairs, with payload buffers that are plain vectors.

// The peers of the sockets under test are the standard library's.
#![allow(clippy::disallowed_types)]

mod broken;
mod compression;
mod decompression;
mod deflated;
mod fairness;
mod guess;
mod jobs;
mod limits;
mod slices;
mod sockets;
mod streams;

use std::os::fd::{AsRawFd, RawFd};

use super::batch::{Batch, Kind};
use super::connection::Settings;
use super::intake::Intake;
use super::message::LargePayloads;
use super::outbox::Outbox;
use super::reactor::Reactor;
use super::token::Token;
use crate::protocol::{Limits, Role};

/// The other end of a socket under test.
#[cfg(not(miri))]
type Peer = std::os::unix::net::UnixStream;
/// Miri has `recv()` and its like for TCP sockets alone.
#[cfg(miri)]
type Peer = std::net::TcpStream;

/// Two sockets that are connected with each other.
#[cfg(not(miri))]
fn pair() -> std::io::Result<(Peer, Peer)> {
    Peer::pair()
}

#[cfg(miri)]
fn pair() -> std::io::Result<(Peer, Peer)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let theirs = Peer::connect(listener.local_addr()?)?;
    Ok((listener.accept()?.0, theirs))
}

/// Large payloads that are vectors; `panics` has the next one blow up.
#[derive(Default)]
struct Vectors {
    delivered: Vec<Vec<u8>>,
    largest: usize,
    made: usize,
    panics: bool,
}

impl LargePayloads for Vectors {
    type Payload = Vec<u8>;

    fn allocate(&mut self, capacity: usize) -> Option<Vec<u8>> {
        assert!(!self.panics, "injected");
        self.largest = self.largest.max(capacity);
        self.made += 1;
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
    /// What is readable when a turn is due.
    descriptor: RawFd,
}

impl Bench {
    fn new() -> Self {
        let mut reactor = Reactor::new();
        let descriptor = reactor.watch_sockets().expect("an epoll instance");
        Bench {
            reactor,
            larges: Vectors::default(),
            arena: vec![0; 512 * 1024],
            records: vec![0; 1024 * 4],
            collects: true,
            descriptor,
        }
    }

    /// A connection with `head` received already, and its peer.
    fn connect(&mut self, head: &[u8]) -> (Token, Peer) {
        let settings = Settings {
            deflate: None,
            role: Role::Server,
            limits: Limits::default(),
        };
        self.connect_with(settings, head)
    }

    fn connect_with(&mut self, settings: Settings, head: &[u8]) -> (Token, Peer) {
        let (ours, theirs) = pair().expect("a socket pair");
        (self.adopt(ours, settings, head), theirs)
    }

    fn adopt(&mut self, ours: impl AsRawFd, settings: Settings, head: &[u8]) -> Token {
        let socket = super::adopt(ours.as_raw_fd()).expect("adopted");
        drop(ours);
        self.reactor
            .add(socket, settings, head)
            .expect("registered")
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
        let outbox = Outbox::new(records, arena);
        assert!(
            self.reactor
                .flush(outbox, &mut self.larges, usize::MAX)
                .is_some()
        );
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
    let start = bytes.len();
    bytes.extend(payload);
    // By index: to Miri each reference to a byte is something to keep.
    let masked = &mut bytes[start..];
    for at in (3..masked.len()).step_by(4) {
        masked[at] ^= 0x2a;
    }
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
    let period: Vec<u8> = (0..251).map(|i| (i * 7 % 251) as u8).collect();
    let mut bytes = period.repeat(length / 251 + 1);
    bytes.truncate(length);
    bytes
}

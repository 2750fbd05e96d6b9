//! What the tests of permessage-deflate share.

use std::io::Read;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Bench, Peer, Record, frame};
use crate::engine::SCALE;
use crate::engine::connection::Settings;
use crate::engine::deflation::{DeflateSettings, Deflation};
use crate::engine::pool;
use crate::engine::token::Token;
use crate::protocol::deflate::{Agreement, Compression, Deflater};
use crate::protocol::inflate::{Compressed, Inflater};
use crate::protocol::window::Window;
use crate::protocol::{Limits, ProtocolError, Role};

/// Operations of the outbox: a whole message of each kind, compressed.
pub(super) const TEXT: u8 = 0x91;
pub(super) const BINARY: u8 = 0x92;

/// Messages that are compressed or decompressed on other threads at once.
pub(super) const CONCURRENCY: usize = 2;

/// Nothing in these tests takes as long, unless it never ends.
pub(super) const PATIENCE: Duration = Duration::from_secs(if cfg!(miri) { 3000 } else { 30 });

pub(super) fn compression() -> Compression {
    Compression::new(-1, 8, 0, 15).expect("zlib's defaults")
}

/// A server's settings; with `takeover` messages refer to earlier ones.
pub(super) fn settings(takeover: bool, release_after: u64) -> Settings {
    Settings {
        role: Role::Server,
        limits: Limits::default(),
        deflate: Some(DeflateSettings {
            agreement: Agreement {
                send_takeover: takeover,
                compression: compression(),
                receive_takeover: takeover,
                receive_window_bits: 15,
            },
            release_after,
            concurrency: CONCURRENCY,
        }),
    }
}

/// Has all jobs that come wait until what is returned is dropped.
pub(super) fn hold_jobs() -> Sender<()> {
    let (opener, gate) = channel();
    let gate = Arc::new(Mutex::new(gate));
    // More than there are threads, however many there are.
    for _ in 0..100 {
        let gate = Arc::clone(&gate);
        pool::run(CONCURRENCY, move || {
            let _ = gate.lock().map(|gate| gate.recv());
        });
    }
    opener
}

/// A `Bench` that can wait for other threads.
pub(super) struct Pooled {
    pub(super) bench: Bench,
    finished: Receiver<()>,
}

impl Pooled {
    pub(super) fn new() -> Self {
        let mut bench = Bench::new();
        let (sender, finished) = channel();
        bench.reactor.notify_by(Arc::new(move || {
            let _ = sender.send(());
        }));
        Pooled { bench, finished }
    }

    pub(super) fn connect(&mut self, settings: Settings) -> (Token, Peer) {
        let (token, peer) = self.bench.connect_with(settings, &[]);
        // Miri has none.
        if !cfg!(miri) {
            peer.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        }
        (token, peer)
    }

    /// Waits until a job has finished.
    pub(super) fn wait(&self) {
        self.finished.recv_timeout(PATIENCE).expect("a job ends");
    }

    /// Waits until as many jobs have finished, and settles.
    pub(super) fn finish(&mut self, jobs: usize) -> Vec<Record> {
        for _ in 0..jobs {
            self.wait();
        }
        self.bench.collects = true;
        self.bench.settle()
    }

    /// Sends the same to some, in one flush.
    pub(super) fn send(&mut self, tokens: &[Token], operation: u8, payload: &[u8]) {
        let records: Vec<i32> = tokens
            .iter()
            .flat_map(|token| {
                let length = payload.len() as i32;
                [token.slot as i32, token.tag(operation), 0, length]
            })
            .collect();
        self.bench.flush(&records, payload);
    }

    /// How many jobs were given to other threads so far.
    pub(super) fn jobs(&self) -> u64 {
        self.bench.reactor.codecs.next_job
    }

    pub(super) fn deflation(&self, token: Token) -> &Deflation {
        let connection = self.bench.reactor.get(token).expect("a connection");
        connection.deflation.as_deref().expect("permessage-deflate")
    }
}

/// The next frame that a peer receives: its first byte, and its payload.
pub(super) fn read_frame(peer: &mut Peer) -> (u8, Vec<u8>) {
    let mut start = [0; 2];
    peer.read_exact(&mut start).expect("a header");
    let mut extended = [0; 8];
    let length = match start[1] {
        126 => &mut extended[6..],
        127 => &mut extended[..],
        _ => &mut [][..],
    };
    peer.read_exact(length).expect("a length");
    let length = match start[1] {
        short @ 0..=125 => usize::from(short),
        _ => u64::from_be_bytes(extended) as usize,
    };
    let mut payload = vec![0; length];
    peer.read_exact(&mut payload).expect("a payload");
    (start[0], payload)
}

/// Compresses a message that may refer to `window`.
pub(super) fn deflate(window: &[u8], message: &[u8]) -> Vec<u8> {
    let mut deflater = Deflater::new(compression());
    let mut output = Vec::new();
    deflater.begin(window, Some(message.len()));
    deflater.deflate(message, true, &mut output);
    output
}

/// What a compressed message is that may refer to `window`.
pub(super) fn inflate(window: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut inflater = Inflater::new();
    let mut kept = Window::new(15);
    kept.push(window);
    inflater.begin(kept.bytes());
    let mut frame = Compressed::new(payload, true, 0);
    let mut output = vec![0; (8 << 20) / SCALE];
    let length = inflater.inflate(&mut frame, &mut output);
    output.truncate(length.expect("a compressed message"));
    assert!(frame.is_done(), "a longer message than any of these tests");
    output
}

/// Bytes that do not become shorter.
pub(super) fn noise(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..length).map(next).collect()
}

/// Bytes that become a little shorter.
pub(super) fn letters(length: usize, seed: u32) -> Vec<u8> {
    let letter = |byte: u8| b"etaoinshrdlucmfw"[usize::from(byte & 15)];
    noise(length, seed).into_iter().map(letter).collect()
}

/// What is told of a connection.
pub(super) fn kinds(records: &[Record], token: Token) -> Vec<u8> {
    let its = records.iter().filter(|record| record.slot == token.slot);
    its.map(|record| record.kind).collect()
}

/// Frames of compressed messages, each referring to those before.
pub(super) fn frames(messages: &[&[u8]], takeover: bool) -> Vec<u8> {
    let mut window = Vec::new();
    let mut bytes = Vec::new();
    for message in messages {
        let from = window.len() - window.len().min(32 * 1024);
        bytes.extend(frame(0xc2, &deflate(&window[from..], message)));
        if takeover {
            window.extend_from_slice(message);
        }
    }
    bytes
}

/// Why a connection is refused.
pub(super) fn error(bench: &Bench, token: Token) -> Option<ProtocolError> {
    bench.reactor.error(token)
}

//! Messages that leave compressed, RFC 7692 §6.1.
//!
//! ```text
//!   outbox ──► compressed here ──────────────► scratch ──► write
//!      │ a large payload                          ▲
//!      ├──► another thread ──► finished ──────────┤
//!      └──► held, as long as one is there ────────┘
//! ```

use std::collections::VecDeque;
use std::sync::Arc;

use super::SCALE;
use super::connection::{Connection, Side, Transport};
use super::deflation::{Awaited, Deflation, Held, MOST_WARM, WARM_FROM};
use super::jobs::{Deflate, Deflated};
use super::outbox::{Command, Operation};
use super::reactor::Reactor;
use super::scratch::Scratch;
use super::token::Token;
use super::trim::trim;
use crate::protocol::Opcode;
use crate::protocol::deflate::{Compression, Deflater};
use crate::protocol::injection::panic_if_asked;
use crate::protocol::window::Window;

/// Payloads up to this many bytes are compressed here and now: at most half a millisecond at zlib's
/// default level.
const INLINE: usize = 32 * 1024 / SCALE;

/// How many warm compressors are looked at when another one is wanted.
const LOOKS: usize = 2;

/// What became of a payload.
#[derive(Debug, PartialEq, Eq)]
enum Compressed {
    /// It is in `Codecs::output`.
    Here,
    /// Its frame leaves later.
    Elsewhere,
}

/// A frame of a message that is compressed.
#[derive(Clone, Copy)]
struct Part {
    is_first: bool,
    fin: bool,
}

impl Part {
    fn is_whole(self) -> bool {
        self.is_first && self.fin
    }
}

impl<P> Connection<P> {
    /// Whether a write needs more than being framed.
    pub(super) fn detours(&self, command: Command) -> bool {
        self.flags.deflating || matches!(command.operation, Operation::Frame { compress: true, .. })
    }
}

impl<P> Reactor<P> {
    /// Adds one write to `scratch`, compressed if it is to be, unless it has to wait.
    /// Returns whether it was added.
    pub(super) fn gather(
        &mut self,
        slot: u32,
        scratch: &mut Scratch,
        command: Command,
        payload: &[u8],
        number: usize,
    ) -> bool {
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return false;
        };
        if connection.flags.mute {
            return false;
        }
        panic_if_asked("gathering", payload);
        if connection.detours(command)
            && let Some(deflation) = &mut connection.deflation
        {
            if connection.flags.deflating {
                deflation.hold(command, self.codecs.copy(payload));
                return false;
            }
            if let Operation::Frame { opcode, fin, .. } = command.operation {
                let is_first = opcode != Opcode::CONTINUATION;
                let part = Part { is_first, fin };
                let compressed = self.compress(slot, command, part, payload);
                if compressed == Compressed::Elsewhere {
                    return false;
                }
                scratch.gather_compressed(command, &self.codecs.output);
                return true;
            }
        }
        scratch.gather(command, payload, number);
        true
    }

    /// Compresses a frame's payload in its connection's context, for somebody else to frame it. All
    /// that the connection compresses has to be compressed so, or it would not be in its order.
    /// `None` without permessage-deflate.
    pub(crate) fn deflate_now(
        &mut self,
        token: Token,
        payload: &[u8],
        fin: bool,
    ) -> Option<Vec<u8>> {
        let connection = self.get_mut(token)?;
        debug_assert!(!connection.flags.deflating);
        let is_first = !connection.deflation.as_ref()?.in_message;
        self.compress_here(token.slot, Part { is_first, fin }, payload);
        Some(self.codecs.output.clone())
    }

    fn compress(&mut self, slot: u32, command: Command, part: Part, payload: &[u8]) -> Compressed {
        if payload.len() > INLINE && self.compress_elsewhere(slot, command, part, payload) {
            return Compressed::Elsewhere;
        }
        self.compress_here(slot, part, payload);
        Compressed::Here
    }

    /// Compresses a payload into `Codecs::output`.
    fn compress_here(&mut self, slot: u32, part: Part, payload: &[u8]) {
        let now = self.now();
        let may_warm = self.may_warm(slot, part);
        let warmed = may_warm.then(|| self.take_warm()).flatten();
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        let Some(deflation) = &mut connection.deflation else {
            return;
        };
        let codecs = &mut self.codecs;
        deflation.last_sent = now;
        deflation.recently_used = true;
        deflation.in_message = !part.fin;
        let compression = deflation.settings.agreement.compression;
        if deflation.send_window.is_none() && part.is_whole() {
            if !codecs.recall(compression, payload) {
                codecs.deflate_shared(compression, &[], payload);
                let compressed = std::mem::take(&mut codecs.output);
                codecs.remember(compression, payload, &compressed);
                codecs.output = compressed;
            }
            return;
        }
        if let Some(deflater) = warmed {
            deflation.warm(deflater);
            let generation = connection.generation;
            codecs.warm.push_back(Token { slot, generation });
        }
        let own = part.is_whole() && deflation.deflater.is_none();
        if own {
            let window = deflation
                .send_window
                .as_ref()
                .map_or(&[][..], Window::bytes);
            codecs.deflate_shared(compression, window, payload);
        } else {
            let deflater = deflation.own_deflater();
            codecs.output.clear();
            deflater.deflate(payload, part.fin, &mut codecs.output);
            deflation.end_part(part);
        }
        if let Some(window) = &mut deflation.send_window {
            window.push(payload);
        }
    }

    /// Whether the connection of `slot` would be faster with a compressor of its own.
    fn may_warm(&self, slot: u32, part: Part) -> bool {
        let connection = self.connections.get(slot as usize);
        let deflation = connection.and_then(|connection| connection.deflation.as_ref());
        deflation.is_some_and(|deflation| {
            let window = deflation.send_window.as_ref();
            let long = window.is_some_and(|window| window.bytes().len() >= WARM_FROM);
            long && part.is_whole() && deflation.deflater.is_none()
        })
    }

    /// A compressor for one more connection, of any parameters, if there may be one more: perhaps
    /// that of a connection which has not used it for long. `Some(None)` is a new one.
    fn take_warm(&mut self) -> Option<Option<Box<Deflater>>> {
        if self.codecs.warm.len() < MOST_WARM {
            return Some(None);
        }
        for _ in 0..LOOKS {
            let token = self.codecs.warm.pop_front()?;
            let connection = self.get_mut(token);
            let Some(deflation) = connection.and_then(|other| other.deflation.as_mut()) else {
                return Some(None);
            };
            if std::mem::take(&mut deflation.recently_used) || deflation.in_message {
                self.codecs.warm.push_back(token);
            } else {
                // It may be with a job, which then finds that it is not wanted.
                deflation.is_warm = false;
                return Some(deflation.deflater.take());
            }
        }
        None
    }

    /// Has another thread compress a payload, or takes what it is compressing for others. Returns
    /// whether it does; not if the payload is known.
    fn compress_elsewhere(
        &mut self,
        slot: u32,
        command: Command,
        part: Part,
        payload: &[u8],
    ) -> bool {
        let now = self.now();
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return false;
        };
        let generation = connection.generation;
        let token = Token { slot, generation };
        let Some(deflation) = &mut connection.deflation else {
            return false;
        };
        let compression = deflation.settings.agreement.compression;
        let concurrency = deflation.settings.concurrency;
        let codecs = &mut self.codecs;
        let for_all = deflation.send_window.is_none() && part.is_whole();
        if for_all && codecs.recall(compression, payload) {
            return false;
        }
        deflation.last_sent = now;
        deflation.recently_used = true;
        deflation.in_message = !part.fin;
        deflation.awaited = Some((command, payload.len()));
        connection.flags.deflating = true;
        if for_all
            && let Some(awaited) = codecs.awaited.iter_mut().find(|awaited| {
                let same = |other: &Arc<Vec<u8>>| **other == payload;
                awaited.compression == compression && awaited.payload.as_ref().is_some_and(same)
            })
        {
            awaited.connections.push(token);
            return true;
        }
        let job = codecs.next_job;
        codecs.next_job += 1;
        let shared = codecs.copy(payload);
        codecs.awaited.push(Awaited {
            job,
            compression,
            payload: for_all.then(|| Arc::clone(&shared)),
            connections: vec![token],
        });
        let deflater = deflation.deflater.take();
        let mut window = Vec::new();
        if let Some(sent) = &mut deflation.send_window {
            if deflater.is_none() {
                window.extend_from_slice(sent.bytes());
            }
            sent.push(payload);
        }
        let job = Deflate {
            job,
            compression,
            deflater,
            window,
            payload: shared,
            fin: part.fin,
        };
        job.start(&codecs.completions, concurrency);
        true
    }

    /// Sends what was compressed elsewhere, and what waited behind it.
    pub(super) fn deflated(&mut self, deflated: Deflated) {
        let Deflated {
            job,
            deflater,
            payload,
            compressed,
        } = deflated;
        let Some(awaited) = self.take_awaited(job) else {
            return;
        };
        if awaited.payload.is_some() {
            self.codecs
                .remember(awaited.compression, &payload, &compressed);
        }
        let mut deflater = Some(deflater);
        for token in awaited.connections {
            let Some(connection) = self.get_mut(token) else {
                continue;
            };
            connection.flags.deflating = false;
            let Some(deflation) = &mut connection.deflation else {
                continue;
            };
            let Some((command, _)) = deflation.awaited.take() else {
                continue;
            };
            let wanted = deflation.in_message || deflation.is_warm;
            deflation.deflater = deflater.take_if(|_| wanted);
            self.write_from_scratch(token.slot, |reactor, scratch| {
                panic_if_asked("finishing", &payload);
                reactor.send_held(token, scratch, command, &compressed);
            });
        }
    }

    /// A job was lost: its connections fail.
    pub(super) fn deflate_failed(&mut self, job: u64) {
        let awaited = self.take_awaited(job);
        for token in awaited.into_iter().flat_map(|awaited| awaited.connections) {
            if self.get(token).is_some() {
                self.fail_broken(token.slot, Side::Writing);
            }
        }
    }

    fn take_awaited(&mut self, job: u64) -> Option<Awaited> {
        let place = self
            .codecs
            .awaited
            .iter()
            .position(|awaited| awaited.job == job)?;
        Some(self.codecs.awaited.swap_remove(place))
    }

    /// Writes a compressed frame, and what was held behind it up to the next that is compressed
    /// elsewhere.
    fn send_held(
        &mut self,
        token: Token,
        scratch: &mut Scratch,
        command: Command,
        compressed: &[u8],
    ) {
        scratch.gather_compressed(command, compressed);
        let mut sent = Vec::new();
        let mut ended = false;
        while let Some(held) = self.next_held(token) {
            let Held { command, payload } = &held;
            let added = self.gather(token.slot, scratch, *command, payload, sent.len());
            ended |= added && command.operation == Operation::End;
            sent.push(held);
        }
        self.write(token.slot, scratch, &sent[..], ended);
    }

    /// Takes the next write that was held, unless it has to wait once more.
    fn next_held(&mut self, token: Token) -> Option<Held> {
        let connection = self.get_mut(token)?;
        if connection.flags.deflating {
            return None;
        }
        connection.deflation.as_mut()?.take_held()
    }

    /// Gives back what connections and the thread keep for compression and nobody has used for
    /// long. Returns whether something is left, or a connection had something.
    pub(crate) fn release_codecs(&mut self) -> bool {
        let now = self.now();
        let (mut left, mut released) = self.codecs.release();
        for (_, connection) in &mut self.connections {
            if let Some(deflation) = &mut connection.deflation {
                let before = deflation.keeps();
                deflation.release(now);
                left |= before && deflation.settings.release_after > 0;
                released |= before && !deflation.keeps();
            }
        }
        if released {
            trim();
        }
        let warm = std::mem::take(&mut self.codecs.warm);
        self.codecs.warm = warm
            .into_iter()
            .filter(|token| {
                let deflation = self.get(*token).and_then(|other| other.deflation.as_ref());
                deflation.is_some_and(|deflation| deflation.is_warm)
            })
            .collect();
        left
    }

    /// Gives back what a connection has for permessage-deflate; it is closed.
    pub(super) fn drop_deflation(&mut self, slot: u32) {
        if let Some(connection) = self.connections.get_mut(slot as usize) {
            debug_assert!(matches!(connection.transport, Transport::Closed));
            self.codecs.freed |= connection.deflation.take().is_some();
            connection.flags.deflating = false;
        }
    }
}

impl Deflation {
    /// Keeps a write until the one that is being compressed has left.
    fn hold(&mut self, command: Command, payload: Arc<Vec<u8>>) {
        self.held_bytes += payload.len();
        self.held.push_back(Held { command, payload });
    }

    fn take_held(&mut self) -> Option<Held> {
        let Some(held) = self.held.pop_front() else {
            self.held = VecDeque::new();
            return None;
        };
        self.held_bytes -= held.payload.len();
        Some(held)
    }

    /// Keeps a compressor for this connection; another one's, if there is one with the same
    /// parameters.
    fn warm(&mut self, other: Option<Box<Deflater>>) {
        let compression = self.settings.agreement.compression;
        let mut deflater = other
            .filter(|other| other.compression() == compression)
            .unwrap_or_else(|| Box::new(Deflater::new(compression)));
        let window = self.send_window.as_ref().map_or(&[][..], Window::bytes);
        deflater.begin(window, None);
        self.deflater = Some(deflater);
        self.is_warm = true;
    }

    /// The compressor of this connection, made for the message that begins if there is none.
    fn own_deflater(&mut self) -> &mut Deflater {
        let compression: Compression = self.settings.agreement.compression;
        let window = self.send_window.as_ref().map_or(&[][..], Window::bytes);
        self.deflater.get_or_insert_with(|| {
            let mut deflater = Box::new(Deflater::new(compression));
            deflater.begin(window, None);
            deflater
        })
    }

    /// A message has ended for which a compressor was made.
    fn end_part(&mut self, part: Part) {
        if part.fin && !self.is_warm {
            self.deflater = None;
        }
    }
}

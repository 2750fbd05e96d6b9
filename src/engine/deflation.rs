//! What permessage-deflate keeps: per connection as little as it can, per thread what all share.
//!
//! A zlib state is 300 KiB; what the next message may refer to is at most 32 KiB, and mostly far
//! less. So a connection keeps its *windows*, and borrows a compressor or decompressor of the
//! thread for each message. Handing a window to a compressor takes time, so connections that are
//! busy keep one of their own: it is *warm*. There is a bound on how many are.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use super::SCALE;
use super::jobs::{Inflate, Outcome};
use super::outbox::Command;
use super::pool::Completions;
use super::token::Token;
use crate::protocol::deflate::{Agreement, Compression, Deflater};
use crate::protocol::inflate::Inflater;
use crate::protocol::window::Window;

/// How many compressors are kept warm: 25 MB of them, or 45 MB if zlib is asked for.
pub(super) const MOST_WARM: usize = 128 / SCALE;

/// A window of fewer bytes is handed over so fast that no compressor is kept for it.
pub(super) const WARM_FROM: usize = 1024;

/// From this many bytes on, payloads that wait are looked for among those that wait already.
const SHARED_FROM: usize = 4 * 1024;

/// Compressors that are shared, one for each set of parameters; programs use one or two.
const MOST_SHARED: usize = 4;

/// Frames that are being decompressed, or were and are not accepted, are never more.
const MOST_INFLATING: usize = 64;

/// What a connection is told about permessage-deflate when it opens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeflateSettings {
    pub(crate) agreement: Agreement,
    /// Milliseconds without a compressed message after which what was kept for the next is given
    /// back; 0 means never.
    pub(crate) release_after: u64,
    /// How many messages the process may compress or decompress on other threads at once.
    pub(crate) concurrency: usize,
}

/// permessage-deflate of one connection.
pub(super) struct Deflation {
    pub(super) settings: DeflateSettings,
    /// `None` if messages do not refer to earlier ones.
    pub(super) receive_window: Option<Window>,
    /// The payload of the frame that is being received, if it comes in several pieces.
    pub(super) frame: Vec<u8>,
    /// The decompressor of the message under way, between two of its frames.
    pub(super) inflater: Option<Inflater>,
    pub(super) send_window: Option<Window>,
    /// A compressor that is warm, or in the middle of a message.
    pub(super) deflater: Option<Box<Deflater>>,
    pub(super) is_warm: bool,
    /// It was used since somebody last wanted it.
    pub(super) recently_used: bool,
    /// Fragments were sent of a message that goes on.
    pub(super) in_message: bool,
    /// The loop's time of the last compressed message, in milliseconds.
    pub(super) last_sent: u64,
    /// The frame that is being compressed elsewhere, and its payload's length.
    pub(super) awaited: Option<(Command, usize)>,
    /// What has to leave after it.
    pub(super) held: VecDeque<Held>,
    /// Bytes of their payloads.
    pub(super) held_bytes: usize,
}

/// A write that waits for one that is being compressed elsewhere.
pub(super) struct Held {
    pub(super) command: Command,
    pub(super) payload: Arc<Vec<u8>>,
}

impl Deflation {
    pub(super) fn new(settings: DeflateSettings) -> Self {
        let Agreement {
            send_takeover,
            compression,
            receive_takeover,
            receive_window_bits,
        } = settings.agreement;
        Deflation {
            settings,
            receive_window: receive_takeover.then(|| Window::new(receive_window_bits)),
            frame: Vec::new(),
            inflater: None,
            send_window: send_takeover.then(|| Window::new(compression.window_bits())),
            deflater: None,
            is_warm: false,
            recently_used: false,
            in_message: false,
            last_sent: 0,
            awaited: None,
            held: VecDeque::new(),
            held_bytes: 0,
        }
    }

    /// Bytes of payloads that wait for being compressed.
    pub(super) fn waiting(&self) -> usize {
        self.held_bytes + self.awaited.map_or(0, |(_, length)| length)
    }

    /// Whether something is only kept for the next message we send.
    pub(super) fn keeps(&self) -> bool {
        let window = self.send_window.as_ref();
        self.deflater.is_some() || window.is_some_and(|window| !window.is_empty())
    }

    /// Gives that back if it was not used for long. The next message may not refer to earlier ones
    /// then, which needs nobody's consent.
    pub(super) fn release(&mut self, now: u64) {
        let after = self.settings.release_after;
        let quiet = now.saturating_sub(self.last_sent);
        if after == 0 || quiet < after || self.in_message || self.awaited.is_some() {
            return;
        }
        self.deflater = None;
        self.is_warm = false;
        if let Some(window) = &mut self.send_window {
            window.clear();
        }
    }
}

/// The last message that was compressed without a window, before and after.
struct Last {
    compression: Compression,
    payload: Vec<u8>,
    compressed: Vec<u8>,
}

/// What the connections of one thread share.
pub(super) struct Codecs {
    pub(super) completions: Completions<Outcome>,
    /// Frames that other threads decompress, or have and that are not accepted.
    pub(super) inflating: usize,
    /// Frames that wait for it.
    pub(super) to_inflate: VecDeque<(Inflate, usize)>,
    inflater: Option<Inflater>,
    /// The most recently used last.
    shared: Vec<Deflater>,
    last: Option<Last>,
    /// The payload that was copied last, as long as somebody has it.
    copied: Weak<Vec<u8>>,
    /// Something of the above was used since [`Codecs::release`].
    used: bool,
    /// A connection has given its part back.
    pub(super) freed: bool,
    /// Connections whose compressor is warm, the one to lose it next first.
    pub(super) warm: VecDeque<Token>,
    /// Bytes decompressed since a connection began to be served.
    pub(super) inflated: usize,
    /// The payload that was compressed last.
    pub(super) output: Vec<u8>,
    /// Messages that are being compressed elsewhere.
    pub(super) awaited: Vec<Awaited>,
    pub(super) next_job: u64,
}

/// A message that is being compressed elsewhere.
pub(super) struct Awaited {
    pub(super) job: u64,
    pub(super) compression: Compression,
    /// `None` if it is not for others: it depends on what its connection has sent before.
    pub(super) payload: Option<Arc<Vec<u8>>>,
    pub(super) connections: Vec<Token>,
}

impl Default for Codecs {
    fn default() -> Self {
        Codecs {
            completions: Completions::new(None),
            inflating: 0,
            to_inflate: VecDeque::new(),
            inflater: None,
            shared: Vec::new(),
            last: None,
            copied: Weak::new(),
            used: false,
            freed: false,
            warm: VecDeque::new(),
            inflated: 0,
            output: Vec::new(),
            awaited: Vec::new(),
            next_job: 0,
        }
    }
}

impl Codecs {
    /// A decompressor, at the beginning of a message.
    pub(super) fn take_inflater(&mut self, window: Option<&Window>) -> Inflater {
        self.used = true;
        let mut inflater = self.inflater.take().unwrap_or_else(Inflater::new);
        inflater.begin(window.map_or(&[], Window::bytes));
        inflater
    }

    /// Takes a decompressor back, whatever state it is in.
    pub(super) fn give_back(&mut self, inflater: Inflater) {
        self.inflater = Some(inflater);
    }

    /// Compresses a whole message into `output` by a compressor that is shared.
    pub(super) fn deflate_shared(
        &mut self,
        compression: Compression,
        window: &[u8],
        payload: &[u8],
    ) {
        self.used = true;
        self.output.clear();
        let place = self
            .shared
            .iter()
            .position(|deflater| deflater.compression() == compression);
        let mut deflater = match place {
            Some(place) => self.shared.remove(place),
            None => {
                if self.shared.len() == MOST_SHARED {
                    self.shared.remove(0);
                }
                Deflater::new(compression)
            }
        };
        deflater.begin(window, Some(payload.len()));
        deflater.deflate(payload, true, &mut self.output);
        self.shared.push(deflater);
    }

    /// Whether `payload` is what was compressed last; then that is in `output` again. So what goes
    /// to many is compressed once.
    pub(super) fn recall(&mut self, compression: Compression, payload: &[u8]) -> bool {
        match &self.last {
            Some(last) if last.compression == compression && last.payload == payload => {
                self.output.clone_from(&last.compressed);
                true
            }
            _ => false,
        }
    }

    /// A copy of `payload` that may wait. What goes to many connections is there once.
    pub(super) fn copy(&mut self, payload: &[u8]) -> Arc<Vec<u8>> {
        if let Some(copied) = self.copied.upgrade()
            && *copied == payload
        {
            return copied;
        }
        let copied = Arc::new(payload.to_vec());
        if payload.len() >= SHARED_FROM {
            self.copied = Arc::downgrade(&copied);
        }
        copied
    }

    /// Remembers what `payload` became.
    pub(super) fn remember(&mut self, compression: Compression, payload: &[u8], compressed: &[u8]) {
        self.used = true;
        match &mut self.last {
            Some(last) => {
                last.compression = compression;
                replace(&mut last.payload, payload);
                replace(&mut last.compressed, compressed);
            }
            None => {
                self.last = Some(Last {
                    compression,
                    payload: payload.to_vec(),
                    compressed: compressed.to_vec(),
                });
            }
        }
    }

    /// Gives back what nobody has used since the last call. Returns whether something is left, and
    /// whether something was given back, here or with a connection.
    pub(super) fn release(&mut self) -> (bool, bool) {
        let freed = std::mem::take(&mut self.freed);
        if std::mem::take(&mut self.used) {
            return (true, freed);
        }
        self.inflater = None;
        self.shared = Vec::new();
        self.last = None;
        self.output = Vec::new();
        self.warm.shrink_to_fit();
        (false, true)
    }
}

impl Codecs {
    /// Has another thread decompress a frame, when not too many are: a small frame may become a
    /// large one, which is in memory until it is accepted.
    pub(super) fn inflate_elsewhere(&mut self, job: Inflate, concurrency: usize) {
        if self.inflating < concurrency.clamp(1, MOST_INFLATING) {
            self.inflating += 1;
            job.start(&self.completions, concurrency);
        } else {
            self.to_inflate.push_back((job, concurrency));
        }
    }

    /// A frame that was decompressed by another thread is accepted: the next one's turn.
    pub(super) fn inflated_elsewhere(&mut self) {
        self.inflating = self.inflating.saturating_sub(1);
        if let Some((job, concurrency)) = self.to_inflate.pop_front() {
            self.inflate_elsewhere(job, concurrency);
        } else {
            self.to_inflate = VecDeque::new();
        }
    }
}

/// Holds `bytes` and nothing else, in memory that fits.
fn replace(vector: &mut Vec<u8>, bytes: &[u8]) {
    vector.clear();
    vector.shrink_to(bytes.len());
    vector.extend_from_slice(bytes);
}

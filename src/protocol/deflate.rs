//! permessage-deflate, RFC 7692: what was agreed on, and compressing messages (§7.2.1).

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Method, Status, Strategy};

use super::oneshot;
use super::window::{MAX_WINDOW_BITS, MIN_WINDOW_BITS};

/// What both ends have agreed on (§7.1), seen from ours, and how we compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// Whether our messages may refer to earlier ones (not `*_no_context_takeover`).
    pub(crate) send_takeover: bool,
    pub(crate) compression: Compression,
    /// Whether the peer's messages may.
    pub(crate) receive_takeover: bool,
    /// The base-2 logarithm of the peer's window (`*_max_window_bits`).
    pub(crate) receive_window_bits: u8,
}

/// How to compress: zlib's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Compression {
    level: i8,
    mem_level: u8,
    strategy: Strategy,
    window_bits: u8,
}

impl Compression {
    /// `level` is 0 to 9, or -1 for zlib's default, 6; `mem_level` is 1 to 9, `strategy` the number
    /// that zlib has for it, 0 to 4, and `window_bits` what was agreed on, 8 to 15. `None` if one is
    /// not.
    pub(crate) fn new(level: i32, mem_level: u32, strategy: i32, window_bits: u32) -> Option<Self> {
        let ranges = (-1..=9).contains(&level)
            && (1..=9).contains(&mem_level)
            && (u32::from(MIN_WINDOW_BITS)..=u32::from(MAX_WINDOW_BITS)).contains(&window_bits);
        let strategy = Strategy::try_from(strategy).ok()?;
        ranges.then_some(Compression {
            level: level as i8,
            mem_level: mem_level as u8,
            strategy,
            window_bits: window_bits as u8,
        })
    }

    /// Whether [`oneshot::OneShot`] compresses a message of `length` bytes as it asks for: at zlib's default
    /// level, of which it is the equal in size.
    pub(crate) fn is_one_shot(self, length: usize) -> bool {
        matches!(self.level, -1 | 6)
            && self.mem_level == 8
            && self.strategy == Strategy::Default
            && length <= oneshot::MOST_BYTES
    }

    pub(crate) fn window_bits(self) -> u8 {
        self.window_bits
    }
}

/// The end of what a sync flush writes. §7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from
/// the tail end."
const TAIL_LENGTH: usize = 4;

/// An empty message, §7.2.3.6.
const EMPTY: u8 = 0x00;

/// A compressor. Between messages it is free for another connection, unless that connection wants its
/// window kept.
pub(crate) struct Deflater {
    zlib: Deflate,
    compression: Compression,
}

impl Deflater {
    /// # Panics
    /// If there is no memory.
    pub(crate) fn new(compression: Compression) -> Self {
        // zlib cannot do a window of 8 bits. With 9 it refers to at most 512 bytes less its
        // lookahead of 262, so never to more than the 256 that were agreed on.
        let window_bits = compression.window_bits.max(MIN_WINDOW_BITS + 1);
        let zlib = Deflate::new_with_config(DeflateConfig {
            level: i32::from(compression.level),
            method: Method::Deflated,
            // Negative: without a header.
            window_bits: -i32::from(window_bits),
            mem_level: i32::from(compression.mem_level),
            strategy: compression.strategy,
        });
        Deflater { zlib, compression }
    }

    /// How it compresses.
    pub(crate) fn compression(&self) -> Compression {
        self.compression
    }

    /// Begins a message that may refer to `window`, and to nothing else.
    pub(crate) fn begin(&mut self, window: &[u8]) {
        self.zlib.reset();
        if !window.is_empty() {
            // It fails only in the middle of a stream.
            let _ = self.zlib.set_dictionary(window);
        }
    }

    /// Appends the compressed payload of a frame to `output`. `fin`: it is the last of its message.
    ///
    /// # Panics
    /// If zlib says that it was misused.
    pub(crate) fn deflate(&mut self, payload: &[u8], fin: bool, output: &mut Vec<u8>) {
        if payload.is_empty() {
            // zlib writes nothing when it is flushed twice.
            if fin {
                output.push(EMPTY);
            }
            return;
        }
        let start = output.len();
        let before = self.zlib.total_in();
        let mut written = start;
        loop {
            let used = (self.zlib.total_in() - before) as usize;
            // Most messages become shorter; the others need little more.
            let room = (payload.len() - used) + (payload.len() >> 3) + 64;
            output.resize(written + room, 0);
            let before_out = self.zlib.total_out();
            let status = self.zlib.compress(
                &payload[used..],
                &mut output[written..],
                DeflateFlush::SyncFlush,
            );
            assert!(
                matches!(status, Ok(Status::Ok | Status::BufError)),
                "zlib was misused"
            );
            written += (self.zlib.total_out() - before_out) as usize;
            // Room is left, so the flush is complete.
            if written < output.len() {
                break;
            }
        }
        output.truncate(if fin { written - TAIL_LENGTH } else { written });
    }
}

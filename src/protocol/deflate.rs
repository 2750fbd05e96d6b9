//! permessage-deflate, RFC 7692: what was agreed on, and compressing messages (§7.2.1).

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Method, Status, Strategy};

use super::block::{BitWriter, Frequencies, Token, end_blocks, write_block};
use super::injection::panic_if_asked;
use super::lz77::{Effort, Matcher};
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

/// What zlib's level -1 stands for.
const DEFAULT_LEVEL: i8 = 6;

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

    /// What our own code is to do, if it can: compress, with about the memory that zlib has by default.
    fn effort(self) -> Option<Effort> {
        let level = match self.level {
            -1 => DEFAULT_LEVEL,
            level => level,
        };
        let index = usize::try_from(level).ok()?.checked_sub(1)?;
        let is_ordinary = self.strategy == Strategy::Default && self.mem_level >= 8;
        Effort::LEVELS.get(index).copied().filter(|_| is_ordinary)
    }

    pub(crate) fn window_bits(self) -> u8 {
        self.window_bits
    }
}

/// The end of what a sync flush writes. §7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from
/// the tail end."
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// An empty message, §7.2.3.6.
const EMPTY: u8 = 0x00;

/// Bytes that become one block.
const BLOCK: usize = 32 * 1024;

/// A compressor. Between messages it is free for another connection, unless that connection wants its
/// window kept.
pub(crate) struct Deflater {
    compression: Compression,
    means: Means,
}

/// zlib clears tables of 128 KiB for each message, whatever its length, and goes far for the last byte.
/// So compressing is done by code of our own; zlib stores, does with little memory, and has the strategies
/// that are not for text.
enum Means {
    Own {
        matcher: Matcher,
        tokens: Vec<Token>,
    },
    /// Boxed for the reason that [`super::Inflater`] has.
    Zlib(Box<Deflate>),
}

impl Deflater {
    /// # Panics
    /// If there is no memory.
    pub(crate) fn new(compression: Compression) -> Self {
        let means = if let Some(effort) = compression.effort() {
            Means::Own {
                matcher: Matcher::new(compression.window_bits, effort),
                tokens: Vec::new(),
            }
        } else {
            // zlib cannot do a window of 8 bits. With 9 it refers to at most 512 bytes less its
            // lookahead of 262, so never to more than the 256 that were agreed on.
            let window_bits = compression.window_bits.max(MIN_WINDOW_BITS + 1);
            Means::Zlib(Box::new(Deflate::new_with_config(DeflateConfig {
                level: i32::from(compression.level),
                method: Method::Deflated,
                // Negative: without a header.
                window_bits: -i32::from(window_bits),
                mem_level: i32::from(compression.mem_level),
                strategy: compression.strategy,
            })))
        };
        Deflater { compression, means }
    }

    /// How it compresses.
    pub(crate) fn compression(&self) -> Compression {
        self.compression
    }

    /// Begins a message that may refer to `window`, and to nothing else. If that one is all that
    /// follows, `expected` is its length.
    pub(crate) fn begin(&mut self, window: &[u8], expected: Option<usize>) {
        match &mut self.means {
            Means::Own { matcher, .. } => matcher.begin(window, expected),
            Means::Zlib(zlib) => {
                zlib.reset();
                if !window.is_empty() {
                    // It fails only in the middle of a stream.
                    let _ = zlib.set_dictionary(window);
                }
            }
        }
    }

    /// Appends the compressed payload of a frame to `output`. `fin`: it is the last of its message.
    ///
    /// # Panics
    /// If zlib says that it was misused.
    pub(crate) fn deflate(&mut self, payload: &[u8], fin: bool, output: &mut Vec<u8>) {
        panic_if_asked("compressing", payload);
        if payload.is_empty() {
            // zlib writes nothing when it is flushed twice.
            if fin {
                output.push(EMPTY);
            }
            return;
        }
        match &mut self.means {
            Means::Own { matcher, tokens } => {
                let mut bits = BitWriter::new(output);
                for block in payload.chunks(BLOCK) {
                    let mut frequencies = Frequencies::default();
                    tokens.clear();
                    tokens.reserve(block.len());
                    matcher.push(block, tokens, &mut frequencies);
                    write_block(block, tokens, &frequencies, &mut bits);
                }
                end_blocks(&mut bits);
                output.extend_from_slice(&TAIL);
            }
            Means::Zlib(zlib) => flush(zlib, payload, output),
        }
        if fin {
            output.truncate(output.len() - TAIL.len());
        }
    }
}

/// Appends what zlib makes of `payload`, up to the end of a sync flush.
fn flush(zlib: &mut Deflate, payload: &[u8], output: &mut Vec<u8>) {
    let before = zlib.total_in();
    let mut written = output.len();
    loop {
        let used = (zlib.total_in() - before) as usize;
        // Most messages become shorter; the others need little more.
        let room = (payload.len() - used) + (payload.len() >> 3) + 64;
        output.resize(written + room, 0);
        let before_out = zlib.total_out();
        let status = zlib.compress(
            &payload[used..],
            &mut output[written..],
            DeflateFlush::SyncFlush,
        );
        assert!(
            matches!(status, Ok(Status::Ok | Status::BufError)),
            "zlib was misused"
        );
        written += (zlib.total_out() - before_out) as usize;
        // Room is left, so the flush is complete.
        if written < output.len() {
            output.truncate(written);
            return;
        }
    }
}

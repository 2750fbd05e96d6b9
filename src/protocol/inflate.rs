//! Decompressing messages, RFC 7692 §7.2.2.

use zlib_rs::{Inflate, InflateFlush, Status};

use super::ProtocolError;
use super::window::MAX_WINDOW_BITS;

/// What the sender has removed. §7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of
/// the payload of the message."
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// A decompressor. Between messages it holds nothing that matters, so one serves all connections of
/// a thread; a message that is under way has one for itself.
pub(crate) struct Inflater {
    zlib: Inflate,
}

/// The payload of one frame on its way through an [`Inflater`].
pub(crate) struct Compressed<'a> {
    bytes: &'a [u8],
    tail: &'static [u8],
    done: bool,
}

impl<'a> Compressed<'a> {
    /// `fin`: it is the last frame of its message.
    pub(crate) fn new(bytes: &'a [u8], fin: bool) -> Self {
        Compressed {
            bytes,
            tail: if fin { &TAIL } else { &[] },
            done: false,
        }
    }

    /// Whether all was decompressed.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// What is left of it, without the tail.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Inflater {
            zlib: Inflate::new(false, MAX_WINDOW_BITS),
        }
    }

    /// Begins a message that may refer to `window`.
    pub(crate) fn begin(&mut self, window: &[u8]) {
        self.zlib.reset(false);
        if !window.is_empty() {
            // It fails only within a stream that has a header.
            let _ = self.zlib.set_dictionary(window);
        }
    }

    /// Fills `output` with what comes next, and returns how many bytes that are. Unless `frame`
    /// [is done](Compressed::is_done) then, there may be more: `output` was too short.
    ///
    /// # Errors
    /// The bytes are not those of a compressed message.
    pub(crate) fn inflate(
        &mut self,
        frame: &mut Compressed<'_>,
        output: &mut [u8],
    ) -> Result<usize, ProtocolError> {
        let mut written = 0;
        while !frame.done {
            let in_tail = frame.bytes.is_empty();
            let input = if in_tail { frame.tail } else { frame.bytes };
            let (before_in, before_out) = (self.zlib.total_in(), self.zlib.total_out());
            let status = self
                .zlib
                .decompress(input, &mut output[written..], InflateFlush::SyncFlush)
                .map_err(|error| {
                    let text = self.zlib.error_message();
                    ProtocolError::InvalidCompression(text.unwrap_or(error.as_str()))
                })?;
            let used = (self.zlib.total_in() - before_in) as usize;
            let brought = (self.zlib.total_out() - before_out) as usize;
            written += brought;
            if in_tail {
                frame.tail = &frame.tail[used..];
            } else {
                frame.bytes = &frame.bytes[used..];
            }
            if matches!(status, Status::StreamEnd) {
                // §7.2.3.4: a block with the BFINAL bit. Like ws, ignore what follows it in this
                // frame, which is an empty block; another frame starts anew.
                self.zlib.reset(false);
                frame.done = true;
            } else if written == output.len() {
                // Full; it might be that nothing is left, which the next call finds out.
                break;
            } else {
                frame.done = frame.bytes.is_empty() && frame.tail.is_empty();
                // Stuck with input left over and room for output: that is not zlib.
                debug_assert!(frame.done || used > 0 || brought > 0);
                frame.done |= used == 0 && brought == 0;
            }
        }
        Ok(written)
    }
}

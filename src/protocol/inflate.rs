//! Decompressing messages, RFC 7692 §7.2.2.

use zlib_rs::{Inflate, InflateFlush, Status};

use super::ProtocolError;
use super::injection::panic_if_asked;
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
    fin: bool,
    /// How much was used, of the bytes and then of the tail.
    position: usize,
    done: bool,
}

impl<'a> Compressed<'a> {
    /// `fin`: it is the last frame of its message. `position` is 0, or where another left off.
    pub(crate) fn new(bytes: &'a [u8], fin: bool, position: usize) -> Self {
        Compressed {
            bytes,
            fin,
            position,
            done: false,
        }
    }

    /// Whether all was decompressed.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// What comes next.
    fn input(&self) -> &'a [u8] {
        match self.position.checked_sub(self.bytes.len()) {
            None => &self.bytes[self.position..],
            Some(used) if self.fin => &TAIL[used..],
            Some(_) => &[],
        }
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
            let (before_in, before_out) = (self.zlib.total_in(), self.zlib.total_out());
            let status = self
                .zlib
                .decompress(
                    frame.input(),
                    &mut output[written..],
                    InflateFlush::SyncFlush,
                )
                .map_err(|error| {
                    let text = self.zlib.error_message();
                    ProtocolError::InvalidCompression(text.unwrap_or(error.as_str()))
                })?;
            let used = (self.zlib.total_in() - before_in) as usize;
            let brought = (self.zlib.total_out() - before_out) as usize;
            frame.position += used;
            written += brought;
            if matches!(status, Status::StreamEnd) {
                // §7.2.3.4: a block with the BFINAL bit. Like ws, ignore what follows it in this
                // frame, which is an empty block; another frame starts anew.
                self.zlib.reset(false);
                frame.done = true;
            } else if written == output.len() {
                // Full; it might be that nothing is left, which the next call finds out.
                break;
            } else {
                // With room for output and no progress, zlib waits for what never comes.
                frame.done = frame.input().is_empty() || used == 0 && brought == 0;
            }
        }
        panic_if_asked("decompressing", &output[..written]);
        Ok(written)
    }
}

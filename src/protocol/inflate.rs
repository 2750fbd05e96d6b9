//! Decompressing messages, RFC 7692 §7.2.2.

use zlib_rs::{Inflate, InflateError, InflateFlush, Status};

use super::ProtocolError;
use super::injection::panic_if_asked;
use super::window::MAX_WINDOW_BITS;

/// What the sender has removed. §7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of
/// the payload of the message."
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// What zlib-rs says when it has forgotten why it refuses something: its fastest loop, which runs where
/// there is room for both input and output, is followed by a call that says only this.
const FORGOTTEN: &str = "repeated call with bad state";

/// Bytes of output with which zlib-rs does not enter that loop.
const SLOW: usize = 256;

/// Bytes of output that are thrown away at once.
const FAST: usize = 64 * 1024;

/// A decompressor. Between messages it holds nothing that matters, so one serves all connections of
/// a thread; a message that is under way has one for itself.
pub(crate) struct Inflater {
    /// Boxed, as it owns memory by a `&mut`: passed by value, that must not be freed before its
    /// receiver returns, which whoever drops it does.
    zlib: Box<Inflate>,
    /// The payloads of the message's earlier frames, to find out why one is refused. So a message in
    /// fragments takes as much memory as in one frame, not less.
    earlier: Vec<u8>,
    /// A final block was in one of them: what follows it refers to nothing before.
    began_anew: bool,
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
            zlib: Box::new(Inflate::new(false, MAX_WINDOW_BITS)),
            earlier: Vec::new(),
            began_anew: false,
        }
    }

    /// Begins a message that may refer to `window`.
    pub(crate) fn begin(&mut self, window: &[u8]) {
        self.earlier = Vec::new();
        self.began_anew = false;
        self.reset(window);
    }

    fn reset(&mut self, window: &[u8]) {
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
    /// The bytes are not those of a compressed message; [`Inflater::explain`] may say more.
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
                .map_err(|error| self.refusal(error))?;
            let used = (self.zlib.total_in() - before_in) as usize;
            let brought = (self.zlib.total_out() - before_out) as usize;
            frame.position += used;
            written += brought;
            if matches!(status, Status::StreamEnd) {
                // §7.2.3.4: a block with the BFINAL bit. Like ws, ignore what follows it in this
                // frame, which is an empty block; another frame starts anew.
                self.zlib.reset(false);
                self.earlier = Vec::new();
                self.began_anew = true;
                frame.done = true;
            } else if written == output.len() {
                // Full; it might be that nothing is left, which the next call finds out.
                break;
            } else {
                // With room for output and no progress, zlib waits for what never comes.
                frame.done = frame.input().is_empty() || used == 0 && brought == 0;
                if frame.done && !frame.fin {
                    self.earlier.extend_from_slice(frame.bytes);
                }
            }
        }
        panic_if_asked("decompressing", &output[..written]);
        Ok(written)
    }

    /// What zlib says of a message for which [`Inflater::inflate`] has returned `error`: it is
    /// decompressed once more up to that place. `window` is what the message began with, `frame` the one
    /// that was refused.
    pub(crate) fn explain(
        &mut self,
        error: ProtocolError,
        window: &[u8],
        frame: &Compressed<'_>,
    ) -> ProtocolError {
        if error != ProtocolError::InvalidCompression(FORGOTTEN) {
            return error;
        }
        let end = self.zlib.total_out();
        self.reset(if self.began_anew { &[] } else { window });
        let earlier = std::mem::take(&mut self.earlier);
        let tail = if frame.fin { &TAIL[..] } else { &[] };
        let mut output = vec![0; FAST];
        for mut input in [&earlier, frame.bytes, tail] {
            loop {
                let (before_in, before_out) = (self.zlib.total_in(), self.zlib.total_out());
                // The symbol that is refused comes when there is no room, or so little that zlib-rs
                // takes its time.
                let room = match end.saturating_sub(before_out) as usize {
                    0 => SLOW,
                    left => left.min(FAST),
                };
                let output = &mut output[..room];
                let decompressed = self.zlib.decompress(input, output, InflateFlush::SyncFlush);
                if let Err(error) = decompressed {
                    return self.refusal(error);
                }
                let used = (self.zlib.total_in() - before_in) as usize;
                input = &input[used..];
                if used == 0 && self.zlib.total_out() == before_out {
                    break;
                }
            }
        }
        error
    }

    /// How many bytes [`Inflater::explain`] would look at again, at least.
    pub(crate) fn passed(&self) -> u64 {
        self.zlib.total_in().max(self.zlib.total_out())
    }

    fn refusal(&self, error: InflateError) -> ProtocolError {
        let text = self.zlib.error_message();
        ProtocolError::InvalidCompression(text.unwrap_or(error.as_str()))
    }
}

//! What is compressed and decompressed on other threads.

use std::sync::Arc;

use super::SCALE;
use super::pool::{self, Completions};
use super::token::Token;
use crate::protocol::deflate::{Compression, Deflater};
use crate::protocol::inflate::{Compressed, Inflater};
use crate::protocol::injection::panic_if_asked;
use crate::protocol::{MessageKind, ProtocolError};

/// Memory for what is decompressed grows by this many bytes at first.
const FIRST_OUTPUT: usize = 1024 * 1024 / SCALE;

/// What a job has come to.
pub(super) enum Outcome {
    Inflated(Inflated),
    Deflated(Deflated),
    /// The job of this connection has panicked.
    InflateBroken(Token),
    /// This job has panicked.
    DeflateBroken(u64),
}

/// The rest of a frame that was decompressed.
pub(super) struct Inflated {
    pub(super) token: Token,
    pub(super) frame: FrameEnd,
    pub(super) inflater: Inflater,
    pub(super) result: Result<Vec<u8>, ProtocolError>,
}

/// What a frame is the end of.
#[derive(Clone, Copy)]
pub(super) struct FrameEnd {
    pub(super) kind: MessageKind,
    /// It is the last of its message.
    pub(super) fin: bool,
}

/// A frame that was compressed.
pub(super) struct Deflated {
    pub(super) job: u64,
    pub(super) deflater: Box<Deflater>,
    pub(super) payload: Arc<Vec<u8>>,
    pub(super) compressed: Vec<u8>,
}

/// A frame that is to be decompressed from `position` on, to at most `limit` more bytes.
pub(super) struct Inflate {
    pub(super) token: Token,
    pub(super) frame: FrameEnd,
    pub(super) inflater: Inflater,
    /// What the message may refer to.
    pub(super) window: Vec<u8>,
    pub(super) bytes: Vec<u8>,
    pub(super) position: usize,
    pub(super) limit: usize,
}

impl Inflate {
    pub(super) fn start(mut self, completions: &Completions<Outcome>, concurrency: usize) {
        let ticket = completions.ticket(Outcome::InflateBroken(self.token));
        pool::run(concurrency, move || {
            let result = self.run();
            ticket.complete(Outcome::Inflated(Inflated {
                token: self.token,
                frame: self.frame,
                inflater: self.inflater,
                result,
            }));
        });
    }

    /// Decompresses the frame, to memory for no more than it may have and one byte.
    pub(super) fn run(&mut self) -> Result<Vec<u8>, ProtocolError> {
        let mut frame = Compressed::new(&self.bytes, self.frame.fin, self.position);
        let mut output = Vec::new();
        let mut length = 0;
        while !frame.is_done() {
            // One byte beyond the limit shows that it is exceeded.
            let most = self.limit.saturating_add(1);
            let room = (length * 2).max(FIRST_OUTPUT).min(most);
            // Left to itself it would take twice as much as it has.
            output.reserve_exact(room.saturating_sub(length));
            output.resize(room, 0);
            length += match self.inflater.inflate(&mut frame, &mut output[length..]) {
                Ok(length) => length,
                Err(error) => return Err(self.inflater.explain(error, &self.window, &frame)),
            };
            if length > self.limit {
                return Err(ProtocolError::MaxPayloadExceeded);
            }
        }
        output.truncate(length);
        panic_if_asked("inflating", &output);
        Ok(output)
    }
}

/// A frame that is to be compressed.
pub(super) struct Deflate {
    pub(super) job: u64,
    pub(super) compression: Compression,
    /// One that is in the right state; otherwise it is made there, and given `window`.
    pub(super) deflater: Option<Box<Deflater>>,
    pub(super) window: Vec<u8>,
    pub(super) payload: Arc<Vec<u8>>,
    pub(super) fin: bool,
}

impl Deflate {
    pub(super) fn start(self, completions: &Completions<Outcome>, concurrency: usize) {
        let ticket = completions.ticket(Outcome::DeflateBroken(self.job));
        pool::run(concurrency, move || {
            let mut deflater = self.deflater.unwrap_or_else(|| {
                let mut deflater = Box::new(Deflater::new(self.compression));
                deflater.begin(&self.window, None);
                deflater
            });
            panic_if_asked("deflating", &self.payload);
            let mut compressed = Vec::new();
            deflater.deflate(&self.payload, self.fin, &mut compressed);
            ticket.complete(Outcome::Deflated(Deflated {
                job: self.job,
                deflater,
                payload: self.payload,
                compressed,
            }));
        });
    }
}

//! What is compressed and decompressed on other threads.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::batch::Batch;
use super::deflation::Codecs;
use super::inflating::INFLATE_BUDGET;
use super::message::LargePayloads;
use super::pool::{self, Completions, Notify};
use super::reactor::Reactor;
use super::token::Token;
use crate::protocol::deflate::{Compression, Deflater};
use crate::protocol::inflate::{Compressed, Inflater};
use crate::protocol::{MessageKind, ProtocolError};

/// Memory for what is decompressed grows by this many bytes at first.
const FIRST_OUTPUT: usize = 1024 * 1024;

/// Frames that are being decompressed, or were and are not accepted, are never more.
const MOST_INFLATING: usize = 64;

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

impl<P> Reactor<P> {
    /// Has `notify` called, on any thread, when one has done something; before the first connection.
    pub(crate) fn notify_by(&mut self, notify: Notify) {
        self.codecs.completions = Completions::new(Some(notify));
    }

    /// Looks at what other threads have done; once in a turn, or those that are fast would keep it
    /// from ending.
    pub(crate) fn collect_finished(&mut self) {
        self.finished.extend(self.codecs.completions.take());
        self.accepted = 0;
    }

    /// Goes on with what other threads have done, as far as `batch` has room and not too much was
    /// accepted in this turn.
    pub(super) fn accept_finished(
        &mut self,
        batch: &mut Batch<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
    ) {
        while self.accepted < INFLATE_BUDGET
            && !batch.is_full()
            && let Some(outcome) = self.finished.pop_front()
        {
            match outcome {
                Outcome::Inflated(inflated) => {
                    let token = inflated.token;
                    self.accepted += inflated.result.as_ref().map_or(0, Vec::len);
                    self.codecs.inflated_elsewhere();
                    let accept = AssertUnwindSafe(|| self.inflated(inflated, batch, larges));
                    if catch_unwind(accept).is_err() {
                        self.inflate_failed(token);
                    }
                }
                Outcome::Deflated(deflated) => self.deflated(deflated),
                Outcome::InflateBroken(token) => {
                    self.codecs.inflated_elsewhere();
                    self.inflate_failed(token);
                }
                Outcome::DeflateBroken(job) => self.deflate_failed(job),
            }
        }
    }
}

/// A frame that is to be decompressed from `position` on, to at most `limit` more bytes.
pub(super) struct Inflate {
    pub(super) token: Token,
    pub(super) frame: FrameEnd,
    pub(super) inflater: Inflater,
    pub(super) bytes: Vec<u8>,
    pub(super) position: usize,
    pub(super) limit: usize,
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
    fn inflated_elsewhere(&mut self) {
        self.inflating -= 1;
        if let Some((job, concurrency)) = self.to_inflate.pop_front() {
            self.inflate_elsewhere(job, concurrency);
        } else {
            self.to_inflate = VecDeque::new();
        }
    }
}

impl Inflate {
    fn start(mut self, completions: &Completions<Outcome>, concurrency: usize) {
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

    fn run(&mut self) -> Result<Vec<u8>, ProtocolError> {
        let mut frame = Compressed::new(&self.bytes, self.frame.fin, self.position);
        let mut output = Vec::new();
        let mut length = 0;
        while !frame.is_done() {
            // One byte beyond the limit shows that it is exceeded.
            let most = self.limit.saturating_add(1);
            output.resize((length * 2).max(FIRST_OUTPUT).min(most), 0);
            length += self.inflater.inflate(&mut frame, &mut output[length..])?;
            if length > self.limit {
                return Err(ProtocolError::MaxPayloadExceeded);
            }
        }
        output.truncate(length);
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

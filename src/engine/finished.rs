//! Going on with what other threads have done.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::batch::Batch;
use super::inflating::INFLATE_BUDGET;
use super::jobs::Outcome;
use super::message::LargePayloads;
use super::pool::{Completions, Notify};
use super::reactor::Reactor;

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
                        self.inflate_failed(token, batch);
                    }
                }
                Outcome::Deflated(deflated) => self.deflated(deflated),
                Outcome::InflateBroken(token) => {
                    self.codecs.inflated_elsewhere();
                    self.inflate_failed(token, batch);
                }
                Outcome::DeflateBroken(job) => self.deflate_failed(job),
            }
        }
    }
}

//! Going on with what other threads have done.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

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

    /// Waits for other threads to compress one more message, `patience` at most, and sends it. Returns
    /// whether they compress others.
    pub(crate) fn await_deflated(&mut self, patience: Duration) -> bool {
        self.finished.extend(self.codecs.completions.take());
        if self.codecs.awaited.is_empty() {
            return false;
        }
        let is_deflated =
            |outcome: &Outcome| matches!(outcome, Outcome::Deflated(_) | Outcome::DeflateBroken(_));
        let outcome = match self.finished.iter().position(is_deflated) {
            Some(place) => self.finished.remove(place),
            None => self.codecs.completions.wait(patience),
        };
        match outcome {
            Some(Outcome::Deflated(deflated)) => self.deflated(deflated),
            Some(Outcome::DeflateBroken(job)) => self.deflate_failed(job),
            Some(inflated) => self.finished.push_back(inflated),
            None => return false,
        }
        !self.codecs.awaited.is_empty()
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

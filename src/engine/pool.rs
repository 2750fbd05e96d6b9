//! Work that would hold up the JavaScript thread: tokio's blocking pool, one for the process.
//!
//! ```text
//!   JavaScript thread                      a thread of the pool
//!   ─────────────────                      ────────────────────
//!   run(job, ticket) ────────────────────► job(ticket)
//!   Completions::take ◄── notify, wake ─── ticket.complete(outcome)
//! ```

use std::cell::Cell;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

/// What a process has at most, whatever it is asked for.
const MOST_THREADS: usize = 64;

/// Runs `job` on another thread. `limit` is how many may run at once in this process; the first
/// caller's counts. Without threads it runs here and now.
pub(super) fn run(limit: usize, job: impl FnOnce() + Send + 'static) {
    static POOL: OnceLock<Option<Runtime>> = OnceLock::new();
    let pool = POOL.get_or_init(|| {
        pin_library();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // More than there are cores only wait for each other, and keep memory meanwhile.
        let threads = limit.clamp(1, MOST_THREADS).min(cores);
        Builder::new_current_thread()
            .max_blocking_threads(threads)
            .thread_name("ferrows")
            .build()
            .ok()
    });
    match pool {
        Some(pool) => drop(pool.spawn_blocking(job)),
        None => job(),
    }
}

/// Keeps this library in memory until the process ends: its threads outlive the environments, and
/// Node.js unloads an addon with the last worker that has loaded it.
fn pin_library() {
    #[cfg(unix)]
    {
        let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
        let here = pin_library as fn() as *const libc::c_void;
        // SAFETY: `info` is written to if the call says so, and then names a file that is loaded,
        // by a string that lives as long as it is. Opening it again only counts.
        unsafe {
            if libc::dladdr(here, info.as_mut_ptr()) != 0 {
                let flags = libc::RTLD_LAZY | libc::RTLD_NODELETE;
                libc::dlopen(info.assume_init().dli_fname, flags);
            }
        }
    }
}

/// What became of jobs, on its way back to the thread that asked for them.
pub(super) struct Completions<T> {
    finished: Receiver<T>,
    sender: Sender<T>,
    notify: Option<Notify>,
    outstanding: Cell<usize>,
}

/// Called on any thread when there is something to take.
pub(crate) type Notify = Arc<dyn Fn() + Send + Sync>;

impl<T> Completions<T> {
    /// Whoever takes them calls again by himself, unless there is a `notify`.
    pub(super) fn new(notify: Option<Notify>) -> Self {
        let (sender, finished) = channel();
        Completions {
            finished,
            sender,
            notify,
            outstanding: Cell::new(0),
        }
    }

    /// What has finished since the last time, in its order.
    pub(super) fn take(&self) -> impl Iterator<Item = T> {
        let count = |_: &T| self.outstanding.set(self.outstanding.get() - 1);
        self.finished.try_iter().inspect(count)
    }

    /// Takes the next one, and waits for it that long at most.
    pub(super) fn wait(&self, patience: Duration) -> Option<T> {
        let outcome = self.finished.recv_timeout(patience).ok()?;
        self.outstanding.set(self.outstanding.get() - 1);
        Some(outcome)
    }

    /// How many jobs were promised and not taken yet.
    pub(super) fn outstanding(&self) -> usize {
        self.outstanding.get()
    }

    /// A promise for a job. `broken` is the outcome if it does not get to its end.
    pub(super) fn ticket(&self, broken: T) -> Ticket<T> {
        self.outstanding.set(self.outstanding.get() + 1);
        Ticket {
            sender: self.sender.clone(),
            notify: self.notify.clone(),
            broken: Some(broken),
        }
    }
}

/// The promise that a job ends: if it is dropped, because the job panicked or never ran, that is its
/// outcome.
pub(super) struct Ticket<T> {
    sender: Sender<T>,
    notify: Option<Notify>,
    broken: Option<T>,
}

impl<T> Ticket<T> {
    pub(super) fn complete(mut self, outcome: T) {
        self.broken = None;
        self.send(outcome);
    }

    fn send(&self, outcome: T) {
        // It fails when nobody waits any more.
        if self.sender.send(outcome).is_ok()
            && let Some(notify) = &self.notify
        {
            notify();
        }
    }
}

impl<T> Drop for Ticket<T> {
    fn drop(&mut self) {
        if let Some(broken) = self.broken.take() {
            self.send(broken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a job that counts as `broken` unless it says otherwise, and waits for its outcome.
    fn outcome(job: impl FnOnce(Ticket<u32>) + Send + 'static) -> Vec<u32> {
        let (sender, receiver) = channel();
        let completions = Completions::new(Some(Arc::new(move || {
            let _ = sender.send(());
        })));
        let ticket = completions.ticket(7);
        run(4, move || job(ticket));
        receiver.recv().expect("the job is notified of");
        completions.take().collect()
    }

    #[test]
    fn a_job_runs_on_another_thread_and_its_outcome_comes_back() {
        let here = std::thread::current().id();
        let outcome = outcome(move |ticket| {
            let elsewhere = std::thread::current().id() != here;
            ticket.complete(u32::from(elsewhere));
        });
        assert_eq!(outcome, [1]);
    }

    #[test]
    fn a_job_that_panics_has_an_outcome_too() {
        assert_eq!(outcome(|_ticket| panic!("on purpose")), [7]);
    }
}

//! A turn: poll, fill the inbox, call `dispatch()`, flush the outbox; and everything else that
//! may call into JavaScript.
//!
//! ```text
//! libuv: descriptor readable ──► turn ──► poll ──► fill ──► dispatch() ──► flush ─┐
//!                                                   ▲                             │
//!                                                   └──── while there is more ────┘
//! JavaScript: nextTick ────────► flush ──► completed writes ──► dispatch() ──► flush
//! ```
//!
//! Where nothing is adopted there is no libuv either, and JavaScript calls again for what is left.
//!
//! No borrow of the reactor is held while JavaScript runs, so that everything it may call works
//! from inside `dispatch()`. A turn that is entered while one runs only writes.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::rc::Rc;

use napi::sys;

use super::clock::Clock;
use super::large::{LargeBuffer, LargeBuffers};
use super::memory::{Header, Memory};
use crate::engine::{Batch, Pump, Reactor, Token};
use crate::protocol::injection::panic_if_told;

/// Batches of one turn, after which timers and other descriptors have theirs.
const BATCHES: usize = 64;

/// Connections that are written to before timers and other descriptors have their turn: some
/// milliseconds, where one message goes to many thousands.
const SLICE: usize = 1024;

/// Values of one environment that are kept for its lifetime.
pub(super) struct Callbacks {
    /// `dispatch()`
    pub(super) dispatch: sys::napi_ref,
    /// `this` of the calls, an object of its own: async hooks take it for the call's resource.
    pub(super) receiver: sys::napi_ref,
    /// The array that large payloads are stored in.
    pub(super) larges: sys::napi_ref,
}

/// What an endpoint's callbacks share.
pub(super) struct Shared {
    pub(super) env: sys::napi_env,
    pub(super) reactor: RefCell<Reactor<LargeBuffer>>,
    pub(super) larges: RefCell<LargeBuffers>,
    pub(super) memory: Memory,
    pub(super) callbacks: Callbacks,
    pub(super) pump: RefCell<Option<Pump>>,
    pub(super) referenced: Cell<bool>,
    /// Tells the time where no pump does.
    pub(super) clock: Clock,
}

/// What calls into JavaScript.
#[derive(Clone, Copy)]
enum Level {
    /// libuv: ticks and microtasks run when the call returns.
    Top,
    /// JavaScript, whose own caller sees to them.
    Nested,
}

/// Marks a turn as running, also for JavaScript.
struct Turn<'a>(&'a Memory);

impl<'a> Turn<'a> {
    /// `None` if one runs already.
    fn begin(memory: &'a Memory) -> Option<Self> {
        if memory.get(Header::InTurn) != 0 {
            return None;
        }
        memory.set(Header::InTurn, 1);
        Some(Turn(memory))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.set(Header::InTurn, 0);
    }
}

impl Shared {
    /// The descriptor is readable. Called by libuv, with nothing of JavaScript on the stack.
    pub(super) fn turn(&self) {
        let mut scope = null_mut();
        // SAFETY: the environment is alive: its cleanup hook ends the pump that calls this.
        if unsafe { sys::napi_open_handle_scope(self.env, &mut scope) } != sys::Status::napi_ok {
            return;
        }
        self.serve_all(|| self.run_turn());
        // SAFETY: opened above.
        unsafe { sys::napi_close_handle_scope(self.env, scope) };
    }

    /// Does something for all connections. A panic outside of a connection's own service leaves the
    /// reactor as it was, and what was not done is done the next time.
    pub(super) fn serve_all<T: Default>(&self, serve: impl FnOnce() -> T) -> T {
        catch_unwind(AssertUnwindSafe(|| {
            panic_if_told("serving");
            serve()
        }))
        .unwrap_or_default()
    }

    fn run_turn(&self) {
        self.update_now();
        // What cannot be polled now is polled in the next turn: epoll has not forgotten it.
        let _ = self.reactor.borrow_mut().poll();
        let Some(turn) = Turn::begin(&self.memory) else {
            self.write_outbox();
            return;
        };
        self.reactor.borrow_mut().collect_finished();
        let mut budget = self.reactor.borrow().ready();
        self.deliver_batches(Level::Top, |shared, inbox| {
            let larges = &mut *shared.larges.borrow_mut();
            shared.reactor.borrow_mut().fill(inbox, larges, &mut budget);
        });
        drop(turn);
        self.finish();
    }

    /// Writes the outbox; and, unless a turn runs, tells of the writes that were completed, delivers
    /// what streams have brought, and has a turn follow if there is work for one. Called by
    /// JavaScript, which has to call again if this returns true.
    pub(super) fn complete(&self) -> bool {
        self.update_now();
        let Some(turn) = Turn::begin(&self.memory) else {
            self.write_outbox();
            return false;
        };
        self.write_some();
        self.reactor.borrow_mut().collect_finished();
        self.deliver_batches(Level::Nested, |shared, inbox| {
            let larges = &mut *shared.larges.borrow_mut();
            let mut reactor = shared.reactor.borrow_mut();
            reactor.tell(inbox, false);
            if let Some(intake) = shared.memory.take_intake() {
                reactor.take_intake(intake, inbox, larges);
            }
            // Writing to a stream may have made another one bring something.
            reactor.fill_from_streams(inbox, larges);
        });
        drop(turn);
        self.finish()
    }

    /// Takes the chunks of the intake; they are decoded by the next fill.
    pub(super) fn collect(&self) {
        if let Some(intake) = self.memory.take_intake() {
            for (token, bytes) in intake {
                self.guard(token, Reactor::fail_reading, |reactor| {
                    reactor.push(token, bytes);
                });
            }
        }
    }

    /// Does something for one connection, and returns what. If that panics it is `None`, and the
    /// connection fails, as `fail` has it, instead of the call.
    pub(super) fn guard<T>(
        &self,
        token: Token,
        fail: fn(&mut Reactor<LargeBuffer>, Token),
        serve: impl FnOnce(&mut Reactor<LargeBuffer>) -> T,
    ) -> Option<T> {
        let serve = || serve(&mut self.reactor.borrow_mut());
        let served = catch_unwind(AssertUnwindSafe(serve));
        if served.is_err() {
            fail(&mut self.reactor.borrow_mut(), token);
            self.announce_outputs();
        }
        served.ok()
    }

    /// Delivers what streams have brought, unless a turn runs. What is sent meanwhile stays in the
    /// outbox: other streams are read in the same loop iteration, and [`Shared::complete`] follows
    /// at its end. Called by JavaScript.
    pub(super) fn deliver_pushed(&self) {
        let Some(turn) = Turn::begin(&self.memory) else {
            return;
        };
        let mut budget = self.reactor.borrow().ready();
        for _ in 0..BATCHES {
            let count = self.fill_inbox(|shared, inbox| {
                let larges = &mut *shared.larges.borrow_mut();
                shared.reactor.borrow_mut().fill(inbox, larges, &mut budget);
            });
            if count == 0 || !self.deliver(count, Level::Nested) {
                break;
            }
        }
        drop(turn);
    }

    /// Fills the inbox, has JavaScript look at it, and writes what it sent, while there is more.
    fn deliver_batches(&self, level: Level, mut fill: impl FnMut(&Self, &mut Batch<'_>)) {
        for _ in 0..BATCHES {
            let count = self.fill_inbox(&mut fill);
            let outputs = self.memory.get(Header::Outputs) != 0;
            let done = count == 0 && !outputs || !self.deliver(count, level);
            self.write_some();
            if done {
                break;
            }
        }
    }

    fn fill_inbox(&self, mut fill: impl FnMut(&Self, &mut Batch<'_>)) -> usize {
        let mut inbox = self.memory.inbox();
        fill(self, &mut inbox);
        self.memory.set(Header::InboxUsed, inbox.position());
        // What another thread has compressed for a stream is there.
        self.announce_outputs();
        inbox.len()
    }

    /// Asks for another turn if one is due. Returns whether one is and nobody can be asked.
    fn finish(&self) -> bool {
        let reactor = self.reactor.borrow();
        let due = reactor.has_work() || self.memory.get(Header::OutboxCount) > 0;
        if due {
            reactor.wake();
        }
        drop(reactor);
        self.update_referenced();
        due && self.pump.borrow().is_none()
    }

    /// Lets the process end if nothing keeps it.
    pub(super) fn update_referenced(&self) {
        let referenced = self.reactor.borrow().is_referenced();
        if self.referenced.replace(referenced) == referenced {
            return;
        }
        match &*self.pump.borrow() {
            Some(pump) => pump.set_referenced(referenced),
            None => self.memory.set(Header::Referenced, referenced.into()),
        }
    }

    pub(super) fn update_now(&self) {
        let now = match &*self.pump.borrow() {
            Some(pump) => pump.now(),
            None => self.clock.now(),
        };
        self.reactor.borrow_mut().set_now(now);
    }

    /// Carries out what is in the outbox. Returns how many connections it was for.
    pub(super) fn write_outbox(&self) -> usize {
        self.write_for(usize::MAX).unwrap_or_default()
    }

    /// Carries out some of what is in the outbox: [`Shared::finish`] has the rest follow.
    pub(super) fn write_some(&self) {
        self.write_for(SLICE);
    }

    /// Returns for how many connections it was, if nothing is left of it.
    fn write_for(&self, most: usize) -> Option<usize> {
        if self.memory.get(Header::OutboxCount) == 0 {
            return Some(0);
        }
        let larges = &mut *self.larges.borrow_mut();
        let mut reactor = self.reactor.borrow_mut();
        let connections = reactor.flush(self.memory.outbox(), larges, most);
        if connections.is_some() {
            self.memory.clear_outbox();
        }
        drop(reactor);
        self.announce_outputs();
        connections
    }

    /// Has JavaScript know that streams have something to write.
    pub(super) fn announce_outputs(&self) {
        if self.reactor.borrow().has_output() {
            self.memory.set(Header::Outputs, 1);
        }
    }

    /// Has JavaScript look at `count` records of the inbox. A listener that throws is reported as
    /// an uncaught exception and the rest is looked at, as if each event had had a call of its
    /// own. Returns false if JavaScript can no longer run.
    fn deliver(&self, count: usize, level: Level) -> bool {
        self.memory.set(Header::InboxCount, count);
        self.memory.set(Header::InboxCursor, 0);
        // SAFETY: the references are strong and of this environment; a handle scope is open,
        // libuv's caller's or that of the function JavaScript called; no borrow is held across the
        // calls that run JavaScript.
        unsafe {
            let value = |reference| {
                let mut value = null_mut();
                sys::napi_get_reference_value(self.env, reference, &mut value);
                value
            };
            let (receiver, dispatch) = (
                value(self.callbacks.receiver),
                value(self.callbacks.dispatch),
            );
            self.larges
                .borrow_mut()
                .hand_over(value(self.callbacks.larges));
            let mut reported = false;
            loop {
                self.memory.set(Header::Dispatching, 0);
                let mut result = null_mut();
                let status = match level {
                    Level::Top => sys::napi_make_callback(
                        self.env,
                        null_mut(),
                        receiver,
                        dispatch,
                        0,
                        null_mut(),
                        &mut result,
                    ),
                    Level::Nested => sys::napi_call_function(
                        self.env,
                        receiver,
                        dispatch,
                        0,
                        null_mut(),
                        &mut result,
                    ),
                };
                if status == sys::Status::napi_ok {
                    return true;
                }
                let mut exception = null_mut();
                if status != sys::Status::napi_pending_exception
                    || sys::napi_get_and_clear_last_exception(self.env, &mut exception)
                        != sys::Status::napi_ok
                {
                    return false;
                }
                // Deno accepts exceptions and ends all JavaScript: no call begins any more.
                if reported && self.memory.get(Header::Dispatching) == 0 {
                    return false;
                }
                // Before the handler: it may end the process.
                self.write_outbox();
                if sys::napi_fatal_exception(self.env, exception) != sys::Status::napi_ok {
                    return false;
                }
                reported = true;
                // Once more, also behind the last record: `dispatch()` has cleaning up to do.
            }
        }
    }

    /// The environment ends: what is queued is written, the descriptors are closed, and `done` is
    /// called when libuv has let go of the poll handle.
    pub(super) fn shut_down(self: &Rc<Self>, done: Box<dyn FnOnce()>) {
        if let Ok(mut reactor) = self.reactor.try_borrow_mut() {
            if self.memory.get(Header::OutboxCount) > 0
                && let Ok(mut larges) = self.larges.try_borrow_mut()
            {
                reactor.flush(self.memory.outbox(), &mut *larges, usize::MAX);
                self.memory.clear_outbox();
            }
            reactor.close_all();
        }
        let pump = self.pump.borrow_mut().take();
        match pump {
            // The reactor's descriptor stays open until libuv no longer watches it.
            Some(pump) => {
                let shared = Rc::clone(self);
                pump.close(Box::new(move || {
                    drop(shared);
                    done();
                }));
            }
            None => done(),
        }
    }
}

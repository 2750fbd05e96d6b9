//! The class that JavaScript holds: one per environment.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::*;
use napi::sys;
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;

use super::clock::Clock;
use super::large::LargeBuffers;
use super::memory::{HEADER_NAMES, Header, Memory};
use super::turn::{Callbacks, Shared};
use crate::engine::{KIND_NAMES, Libuv, OPERATION_NAMES, Pump, PumpError, Reactor};

/// The sockets of one environment, and the memory through which they are spoken to.
#[napi]
pub struct Endpoint {
    pub(super) shared: Rc<Shared>,
}

#[napi]
impl Endpoint {
    /// `dispatch()` is called with `receiver` as `this` whenever the inbox holds records;
    /// large payloads are elements of `larges` then. `adopts` asks for an endpoint that can take
    /// descriptors over; see [`Endpoint::adopts`]. If it cannot, `wake` is called when another thread
    /// has finished something, which [`Endpoint::complete`] then goes on with.
    ///
    /// # Errors
    /// If the operating system refuses.
    #[allow(clippy::too_many_arguments)]
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        dispatch: Function<'_, (), ()>,
        receiver: Object<'_>,
        larges: Object<'_>,
        header: Int32Array,
        inbox_records: Int32Array,
        inbox_arena: Uint8Array,
        outbox_records: Int32Array,
        outbox_arena: Uint8Array,
        adopts: bool,
        wake: Function<'_, (), ()>,
    ) -> Result<Self> {
        let mut reactor = Reactor::new();
        let libuv = if adopts { Libuv::load() } else { None };
        // What may be refused comes first: the memory is never given back.
        let watched = libuv
            .map(|libuv| Ok((libuv, reactor.watch_sockets()?)))
            .transpose()
            .map_err(|error: io::Error| Error::from_reason(error.to_string()))?;
        let memory = Memory::new(
            header,
            inbox_records,
            inbox_arena,
            outbox_records,
            outbox_arena,
        )
        .ok_or_else(|| Error::from_reason("the header is too small"))?;
        let env = env.raw();
        let shared = Rc::new(Shared {
            env,
            reactor: RefCell::new(reactor),
            larges: RefCell::new(LargeBuffers::new(env)),
            memory,
            callbacks: Callbacks {
                dispatch: keep(env, dispatch.raw())?,
                receiver: keep(env, receiver.raw())?,
                larges: keep(env, larges.raw())?,
            },
            pump: RefCell::new(None),
            referenced: Cell::new(false),
            clock: Clock::start(),
        });
        if let Some((libuv, descriptor)) = watched {
            start_pump(&shared, libuv, descriptor)?;
            add_cleanup_hook(env, Rc::clone(&shared))?;
        } else {
            // Unreferenced: `Header::Referenced` says when the process is to be kept alive.
            let wake = wake
                .build_threadsafe_function::<()>()
                .weak::<true>()
                .build()?;
            shared.reactor.borrow_mut().notify_by(Arc::new(move || {
                // It is refused when the environment ends.
                let _ = wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
            }));
        }
        Ok(Endpoint { shared })
    }

    /// Whether descriptors can be taken over. Where that was not asked for, or nobody can tell when
    /// a socket is ready, the endpoint has streams only.
    #[napi(getter, catch_unwind)]
    pub fn adopts(&self) -> bool {
        self.shared.pump.borrow().is_some()
    }

    /// Carries out what is in the outbox. Outside of a turn, [`Endpoint::complete`] must follow
    /// on a later tick. Returns how many connections it was for.
    #[napi(catch_unwind)]
    pub fn flush(&self) -> u32 {
        self.shared.serve_all(|| {
            self.shared.update_now();
            let connections = self.shared.write_outbox();
            self.shared.update_referenced();
            connections as u32
        })
    }

    /// Has other memory be the outbox. Returns false if there is something in it, and does nothing then.
    #[napi(catch_unwind)]
    pub fn replace_outbox(&self, records: Int32Array, arena: Uint8Array) -> bool {
        self.shared.memory.replace_outbox(records, arena)
    }

    /// Carries out some of what is in the outbox, as long as it may take. A turn follows.
    #[napi(catch_unwind)]
    pub fn flush_some(&self) {
        self.shared.serve_all(|| {
            self.shared.update_now();
            self.shared.write_some();
        });
    }

    /// Carries out what is in the outbox, and tells of the writes that were completed. Returns
    /// whether it must be called once more, in a later iteration of the loop.
    #[napi(catch_unwind)]
    pub fn complete(&self) -> bool {
        self.shared.serve_all(|| self.shared.complete())
    }

    /// Waits until one more of the messages that other threads compress has left, for so many
    /// milliseconds at most. Returns whether there are others.
    #[napi(catch_unwind)]
    pub fn await_deflated(&self, patience: f64) -> bool {
        self.shared.serve_all(|| {
            self.shared.update_now();
            let patience = Duration::from_secs_f64(patience.clamp(0.0, 1e6) / 1e3);
            let more = self.shared.reactor.borrow_mut().await_deflated(patience);
            self.shared.announce_outputs();
            more
        })
    }

    /// Gives back what is kept for compression and was not used for long. Returns whether something
    /// is left, for which it is to be called again, or a connection had something: it may again.
    #[napi(catch_unwind)]
    pub fn release_codecs(&self) -> bool {
        self.shared.serve_all(|| {
            self.shared.update_now();
            self.shared.reactor.borrow_mut().release_codecs()
        })
    }

    /// Calls `callback` with an empty async context: nothing that was entered before is seen.
    ///
    /// # Errors
    /// What the callback throws.
    #[napi(catch_unwind)]
    pub fn run_without_context(&self, callback: Function<'_, (), ()>) -> Result<()> {
        let env = self.shared.env;
        let mut receiver = null_mut();
        let mut result = null_mut();
        // SAFETY: called by JavaScript, so the environment is alive and a handle scope is open.
        unsafe {
            check_status!(sys::napi_create_object(env, &mut receiver))?;
            check_status!(sys::napi_make_callback(
                env,
                null_mut(),
                receiver,
                callback.raw(),
                0,
                null_mut(),
                &mut result,
            ))
        }
    }
}

impl Drop for Endpoint {
    /// The environment ends, which should be after all JavaScript. In the workers of Deno it is not.
    fn drop(&mut self) {
        self.shared.memory.set(Header::Gone, 1);
    }
}

/// The numbers that both sides use, by name.
#[napi(object)]
pub struct Numbers {
    /// Fields of the shared header.
    pub header: HashMap<String, u32>,
    /// What a record of the inbox says.
    pub kind: HashMap<String, u32>,
    /// What a record of the outbox asks for.
    pub operation: HashMap<String, u32>,
}

/// The numbers that both sides use, by name.
#[napi(catch_unwind)]
pub fn numbers() -> Numbers {
    let named = |(name, number): (&str, u32)| (name.to_owned(), number);
    Numbers {
        header: HEADER_NAMES
            .map(|(name, field)| named((name, field as u32)))
            .into(),
        kind: KIND_NAMES
            .map(|(name, kind)| named((name, kind as u32)))
            .into(),
        operation: OPERATION_NAMES
            .map(|(name, byte)| named((name, u32::from(byte))))
            .into(),
    }
}

/// A strong reference to `value`, for the lifetime of the environment.
fn keep(env: sys::napi_env, value: sys::napi_value) -> Result<sys::napi_ref> {
    let mut reference = null_mut();
    // SAFETY: a value of the call that is running.
    check_status!(unsafe { sys::napi_create_reference(env, value, 1, &mut reference) })?;
    Ok(reference)
}

/// Has libuv begin a turn whenever the reactor's descriptor is readable.
fn start_pump(shared: &Rc<Shared>, libuv: Libuv, descriptor: c_int) -> Result<()> {
    let mut event_loop = null_mut();
    // SAFETY: plain query of the environment that is calling.
    check_status!(unsafe { sys::napi_get_uv_event_loop(shared.env, &mut event_loop) })?;
    let turned: Weak<Shared> = Rc::downgrade(shared);
    let turn = Box::new(move || {
        if let Some(shared) = turned.upgrade() {
            shared.turn();
        }
    });
    // SAFETY: the loop is this thread's. The cleanup hook closes the pump while it runs, and keeps
    // the reactor, so its descriptor, until then.
    let pump = unsafe { Pump::start(libuv, event_loop.cast(), descriptor, turn) }.map_err(
        |PumpError(name, status)| Error::from_reason(format!("{name} returned {status}")),
    )?;
    *shared.pump.borrow_mut() = Some(pump);
    Ok(())
}

/// What the cleanup hook is given.
struct CleanUp {
    shared: Rc<Shared>,
}

/// Has the endpoint shut down before the environment ends. The hook is asynchronous: libuv calls
/// back before it lets go of a handle, and an environment that is freed earlier aborts.
fn add_cleanup_hook(env: sys::napi_env, shared: Rc<Shared>) -> Result<()> {
    let data = Box::into_raw(Box::new(CleanUp { shared })).cast();
    let mut handle = null_mut();
    // SAFETY: the box is taken back by the hook, which runs once.
    check_status!(unsafe {
        sys::napi_add_async_cleanup_hook(env, Some(clean_up), data, &mut handle)
    })
}

unsafe extern "C" fn clean_up(handle: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // The handle is removed whatever happens: the environment waits for it.
    let remove = move || {
        // SAFETY: the handle that Node.js passed, removed once.
        unsafe { sys::napi_remove_async_cleanup_hook(handle) };
    };
    let shut_down = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the box that `add_cleanup_hook` leaked; this runs once.
        let clean_up = unsafe { Box::from_raw(data.cast::<CleanUp>()) };
        clean_up.shared.shut_down(Box::new(remove));
    }));
    if shut_down.is_err() {
        remove();
    }
}

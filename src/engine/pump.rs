//! libuv drives the reactor: one `uv_poll_t` of the environment's loop watches the descriptor of
//! the reactor's epoll instance.
//!
//! The symbols are looked up at run time. Runtimes that merely imitate Node.js may export all of
//! them and abort when they are called: on those nobody asks for a pump.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::{CStr, c_int, c_void};
use std::os::fd::RawFd;

/// `uv_handle_type` of a poll handle. The numbers are part of libuv's ABI.
const UV_POLL: c_int = 8;
const UV_READABLE: c_int = 1;

type Callback = unsafe extern "C" fn(handle: *mut c_void, status: c_int, events: c_int);
type CloseCallback = unsafe extern "C" fn(handle: *mut c_void);

/// The functions of libuv that are used.
#[derive(Clone, Copy)]
pub(crate) struct Libuv {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    set_data: unsafe extern "C" fn(*mut c_void, *mut c_void),
    get_data: unsafe extern "C" fn(*const c_void) -> *mut c_void,
    poll_init: unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(*mut c_void, c_int, Callback) -> c_int,
    close: unsafe extern "C" fn(*mut c_void, CloseCallback),
    reference: unsafe extern "C" fn(*mut c_void),
    unreference: unsafe extern "C" fn(*mut c_void),
    now: unsafe extern "C" fn(*const c_void) -> u64,
}

/// The function of libuv that refused, and its error number.
#[derive(Debug)]
pub(crate) struct PumpError(pub(crate) &'static str, pub(crate) c_int);

/// Looks `name` up among the symbols of the process.
///
/// # Safety
/// `T` must be the function pointer type of that symbol.
unsafe fn symbol<T: Copy>(name: &CStr) -> Option<T> {
    const { assert!(size_of::<T>() == size_of::<*mut c_void>()) };
    // SAFETY: `name` is a C string, and RTLD_DEFAULT searches what is loaded already.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    // SAFETY: the sizes are equal, and the caller vouches for the type.
    (!address.is_null()).then(|| unsafe { std::mem::transmute_copy(&address) })
}

impl Libuv {
    /// `None` if the process does not export them.
    pub(crate) fn load() -> Option<Self> {
        // SAFETY: the field types are the declarations of libuv 1.x, whose ABI is stable.
        unsafe {
            Some(Libuv {
                handle_size: symbol(c"uv_handle_size")?,
                set_data: symbol(c"uv_handle_set_data")?,
                get_data: symbol(c"uv_handle_get_data")?,
                poll_init: symbol(c"uv_poll_init")?,
                poll_start: symbol(c"uv_poll_start")?,
                close: symbol(c"uv_close")?,
                reference: symbol(c"uv_ref")?,
                unreference: symbol(c"uv_unref")?,
                now: symbol(c"uv_now")?,
            })
        }
    }
}

/// What libuv's callbacks are given: who is pumped, and how it learns of its end.
struct Context {
    layout: Layout,
    turn: Box<dyn Fn()>,
    closed: Option<Box<dyn FnOnce()>>,
}

/// A running poll handle. It must be ended by [`Pump::close`] while its loop still runs.
pub(crate) struct Pump {
    libuv: Libuv,
    handle: *mut c_void,
    event_loop: *mut c_void,
}

impl Pump {
    /// Calls `turn` on the loop's thread whenever `fd` is readable. The handle starts
    /// unreferenced: it does not keep the loop alive.
    ///
    /// # Errors
    /// If libuv refuses.
    ///
    /// # Safety
    /// `event_loop` is the `uv_loop_t` of the calling thread and outlives the pump; `fd` stays
    /// open until the pump is closed.
    pub(crate) unsafe fn start(
        libuv: Libuv,
        event_loop: *mut c_void,
        fd: RawFd,
        turn: Box<dyn Fn()>,
    ) -> Result<Pump, PumpError> {
        // SAFETY: no precondition.
        let size = unsafe { (libuv.handle_size)(UV_POLL) };
        // libuv aligns its structures as malloc does.
        let layout = Layout::from_size_align(size.max(1), 16)
            .map_err(|_| PumpError("uv_handle_size", -libc::EINVAL))?;
        // SAFETY: the layout is not empty.
        let handle = unsafe { alloc_zeroed(layout) }.cast::<c_void>();
        if handle.is_null() {
            return Err(PumpError("uv_poll_init", -libc::ENOMEM));
        }
        // SAFETY: the memory has the size libuv asked for; loop and descriptor are the caller's word.
        let status = unsafe { (libuv.poll_init)(event_loop, handle, fd) };
        if status != 0 {
            // SAFETY: allocated above with this layout, and libuv did not keep it.
            unsafe { dealloc(handle.cast(), layout) };
            return Err(PumpError("uv_poll_init", status));
        }
        let context = Box::new(Context {
            layout,
            turn,
            closed: None,
        });
        // SAFETY: the handle is initialised. Its data is a leaked box that `on_closed` takes back.
        let status = unsafe {
            (libuv.set_data)(handle, Box::into_raw(context).cast());
            (libuv.unreference)(handle);
            (libuv.poll_start)(handle, UV_READABLE, on_readable)
        };
        let pump = Pump {
            libuv,
            handle,
            event_loop,
        };
        if status != 0 {
            pump.close(Box::new(|| {}));
            return Err(PumpError("uv_poll_start", status));
        }
        Ok(pump)
    }

    /// Whether the handle keeps the loop, and so the process, alive.
    pub(crate) fn set_referenced(&self, referenced: bool) {
        let call = if referenced {
            self.libuv.reference
        } else {
            self.libuv.unreference
        };
        // SAFETY: the handle lives until `close`, which consumes the pump.
        unsafe { call(self.handle) }
    }

    /// The loop's time in milliseconds, as of the start of its current iteration.
    pub(crate) fn now(&self) -> u64 {
        // SAFETY: the loop outlives the pump.
        unsafe { (self.libuv.now)(self.event_loop) }
    }

    /// Stops watching, and calls `closed` when libuv has let go of the handle.
    pub(crate) fn close(self, closed: Box<dyn FnOnce()>) {
        // SAFETY: the data was set in `start` and is taken back in `on_closed` only. No turn is
        // running with a borrow of it: `turn` is borrowed shared, `closed` is not read by it.
        unsafe {
            let context = (self.libuv.get_data)(self.handle).cast::<Context>();
            (*context).closed = Some(closed);
            (self.libuv.close)(self.handle, on_closed);
        }
    }
}

unsafe extern "C" fn on_readable(handle: *mut c_void, _status: c_int, _events: c_int) {
    // A panic must not reach libuv. What it interrupted is closed by the turn itself.
    let _ = std::panic::catch_unwind(|| {
        // SAFETY: libuv passes the handle that `start` initialised, whose data is a `Context`
        // until `on_closed`. The first field of every libuv handle is its data pointer, which
        // `Context` is reached by without knowing the functions.
        let turn = unsafe { &raw const (*(*handle.cast::<*mut Context>())).turn };
        // SAFETY: as above; `close` replaces only `closed`, and frees nothing before `on_closed`.
        unsafe { (*turn)() }
    });
}

unsafe extern "C" fn on_closed(handle: *mut c_void) {
    let _ = std::panic::catch_unwind(|| {
        // SAFETY: this is the last call for the handle; the box is the one leaked by `start`.
        let context = unsafe { Box::from_raw(*handle.cast::<*mut Context>()) };
        // SAFETY: allocated in `start` with this layout, and libuv has let go of it.
        unsafe { dealloc(handle.cast(), context.layout) };
        if let Some(closed) = context.closed {
            closed();
        }
    });
}

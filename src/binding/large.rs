//! Large payloads: `Buffer`s that are received into and then handed to the user.

use std::hint::black_box;
use std::ptr::null_mut;
use std::sync::Once;

use napi::sys;

use crate::engine::LargePayloads;

/// A `Buffer` that JavaScript has not seen yet. It must be delivered or released: dropping it
/// keeps its memory until the environment ends.
pub(super) struct LargeBuffer {
    reference: sys::napi_ref,
    start: *mut u8,
    length: usize,
}

/// V8 collects the buffers of messages when there are 32 MiB of them, and frees them together. Of
/// blocks that are larger than this the C library learns nothing.
const FREED_AT_ONCE: usize = 31 * 1024 * 1024;

/// Has the C library keep as much for the next buffers. It takes twice the largest block that was
/// freed for what is worth keeping; with less, it gives the end of its heap back after each
/// collection, and a message of 1 MiB costs 20 to 120 page faults, of a microsecond each.
fn keep_what_is_freed() {
    static KEPT: Once = Once::new();
    KEPT.call_once(|| {
        let mut block = Vec::<u8>::new();
        // Where memory is that short, none should be kept.
        let _ = block.try_reserve_exact(FREED_AT_ONCE);
        drop(black_box(block));
    });
}

/// Makes large payloads, and collects those of the current batch.
pub(super) struct LargeBuffers {
    env: sys::napi_env,
    delivered: Vec<LargeBuffer>,
}

impl LargeBuffers {
    pub(super) fn new(env: sys::napi_env) -> Self {
        LargeBuffers {
            env,
            delivered: Vec::new(),
        }
    }

    /// Stores the payloads of the batch as elements of the JavaScript array `into`.
    pub(super) fn hand_over(&mut self, into: sys::napi_value) {
        for (index, buffer) in self.delivered.drain(..).enumerate() {
            let mut value = null_mut();
            // SAFETY: the reference was made in this environment, is strong, and deleted once;
            // the caller has a handle scope open.
            unsafe {
                sys::napi_get_reference_value(self.env, buffer.reference, &mut value);
                sys::napi_set_element(self.env, into, index as u32, value);
                sys::napi_delete_reference(self.env, buffer.reference);
            }
        }
    }
}

impl LargePayloads for LargeBuffers {
    type Payload = LargeBuffer;

    fn allocate(&mut self, capacity: usize) -> Option<LargeBuffer> {
        keep_what_is_freed();
        let mut data = null_mut();
        let mut value = null_mut();
        let mut reference = null_mut();
        let mut scope = null_mut();
        // SAFETY: the environment is alive and on this thread. The data of a buffer does not move,
        // and the strong reference keeps it. A failure leaves an exception, which is cleared.
        unsafe {
            if sys::napi_open_handle_scope(self.env, &mut scope) != sys::Status::napi_ok {
                return None;
            }
            let status = sys::napi_create_buffer(self.env, capacity, &mut data, &mut value);
            let made = status == sys::Status::napi_ok
                && sys::napi_create_reference(self.env, value, 1, &mut reference)
                    == sys::Status::napi_ok;
            if !made {
                let mut exception = null_mut();
                sys::napi_get_and_clear_last_exception(self.env, &mut exception);
            }
            sys::napi_close_handle_scope(self.env, scope);
            made.then_some(LargeBuffer {
                reference,
                start: data.cast(),
                length: capacity,
            })
        }
    }

    fn bytes<'a>(&self, payload: &'a mut LargeBuffer) -> &'a mut [u8] {
        // SAFETY: Node.js made the buffer with this length, the reference keeps it, and no other
        // code has seen it: the borrow of `payload` is the only way to it. Its content is
        // uninitialised at first in the sense that it is arbitrary; as an allocation that another
        // language made and filled it is plain bytes to this one.
        unsafe { std::slice::from_raw_parts_mut(payload.start, payload.length) }
    }

    fn deliver(&mut self, payload: LargeBuffer) -> usize {
        self.delivered.push(payload);
        self.delivered.len() - 1
    }

    fn release(&mut self, payload: LargeBuffer) {
        // SAFETY: made in this environment, and not deleted yet.
        unsafe { sys::napi_delete_reference(self.env, payload.reference) };
    }
}

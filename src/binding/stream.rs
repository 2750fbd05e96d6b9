//! Connections over JavaScript streams.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::compression::DeflateSettings;
use super::connection::settings;
use super::endpoint::Endpoint;
use super::memory::Header;
use crate::engine::Token;

/// What one stream has to write is told in a record of `(slot, generation, length, marks, end)`: how
/// many bytes, how many of the writes in them asked to be told of their completion, and whether the
/// stream is to be ended after them.
const OUTPUT_FIELDS: usize = 5;

#[napi]
impl Endpoint {
    /// Takes a connection in whose bytes a stream moves. Returns slot and generation.
    ///
    /// # Errors
    /// A parameter of zlib that is out of range.
    #[napi(catch_unwind)]
    pub fn add_stream(
        &self,
        is_server: bool,
        max_payload: f64,
        max_fragments: u32,
        max_buffered_chunks: u32,
        skip_utf8_validation: bool,
        deflate: Option<DeflateSettings>,
    ) -> Result<Vec<u32>> {
        let settings = settings(
            is_server,
            max_payload,
            max_fragments,
            max_buffered_chunks,
            skip_utf8_validation,
            deflate,
        )?;
        let token = self.shared.reactor.borrow_mut().add_stream(settings);
        Ok(vec![token.slot, token.generation])
    }

    /// Takes bytes that the stream has read, and delivers what they bring unless a turn runs.
    /// [`Endpoint::complete`] must follow, here and below.
    #[napi(catch_unwind)]
    pub fn push(&self, slot: u32, generation: u32, bytes: &[u8]) {
        let token = Token { slot, generation };
        self.shared.reactor.borrow_mut().push(token, bytes);
        self.shared.deliver_pushed();
    }

    /// The stream has ended.
    #[napi(catch_unwind)]
    pub fn end_stream(&self, slot: u32, generation: u32) {
        let token = Token { slot, generation };
        self.shared.reactor.borrow_mut().end_stream(token);
        self.shared.deliver_pushed();
    }

    /// The stream is closed.
    #[napi(catch_unwind)]
    pub fn close_stream(&self, slot: u32, generation: u32) {
        let token = Token { slot, generation };
        self.shared.reactor.borrow_mut().close_stream(token);
        self.shared.deliver_pushed();
    }

    /// Takes what streams have to write, each once: fills `records`, and returns the bytes of all,
    /// one after the other, in memory that is the caller's. `null` if there is nothing.
    ///
    /// # Errors
    /// If there is no memory.
    #[napi(catch_unwind)]
    pub fn take_outputs(&self, env: Env, mut records: Int32Array) -> Result<Option<Outputs<'_>>> {
        // SAFETY: the caller's own array, and JavaScript does not run meanwhile.
        let records = unsafe { records.as_mut() };
        let mut reactor = self.shared.reactor.borrow_mut();
        let mut bytes = Vec::new();
        let mut count = 0;
        for record in records.chunks_exact_mut(OUTPUT_FIELDS) {
            let Some((token, output)) = reactor.take_output() else {
                break;
            };
            record.copy_from_slice(&[
                token.slot as i32,
                token.generation as i32,
                output.bytes.len() as i32,
                output.marks as i32,
                i32::from(output.end),
            ]);
            bytes.extend_from_slice(&output.bytes);
            count += 1;
        }
        let left = reactor.has_output();
        self.shared.memory.set(Header::Outputs, usize::from(left));
        if count == 0 {
            return Ok(None);
        }
        let bytes = BufferSlice::copy_from(&env, bytes)?;
        Ok(Some(Outputs { count, bytes }))
    }
}

/// What streams have to write.
#[napi(object)]
pub struct Outputs<'env> {
    /// Records filled.
    pub count: u32,
    pub bytes: BufferSlice<'env>,
}

//! Connections over JavaScript streams.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::compression::DeflateSettings;
use super::connection::settings;
use super::endpoint::Endpoint;
use super::large::LargeBuffer;
use super::memory::Header;
use crate::engine::{Reactor, Token};
use crate::protocol::injection::panic_if_told;

/// What one stream has to write is told in a record of `(slot, generation, length, marks, end)`: how
/// many bytes, how many of the writes in them asked to be told of their completion, and whether the
/// stream is to be ended after them.
const OUTPUT_FIELDS: usize = 5;

#[napi]
impl Endpoint {
    /// Has streams use this memory. To be called before the first [`Endpoint::add_stream`].
    #[napi(catch_unwind)]
    pub fn share_with_streams(
        &self,
        intake_records: Int32Array,
        intake_arena: Uint8Array,
        output_records: Int32Array,
        output_arena: Uint8Array,
    ) {
        self.shared
            .memory
            .add_streams(intake_records, intake_arena, output_records, output_arena);
    }

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
        panic_if_told("attaching");
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

    /// Takes bytes that the stream has read, behind those of the intake, and delivers what they
    /// bring unless a turn runs. [`Endpoint::complete`] must follow, here and below.
    #[napi(catch_unwind)]
    pub fn push(&self, slot: u32, generation: u32, bytes: &[u8]) {
        let token = Token { slot, generation };
        self.read(token, |reactor| {
            panic_if_told("pushing");
            reactor.push(token, bytes);
        });
    }

    /// The stream has ended.
    #[napi(catch_unwind)]
    pub fn end_stream(&self, slot: u32, generation: u32) {
        let token = Token { slot, generation };
        self.read(token, |reactor| reactor.end_stream(token));
    }

    /// The stream is closed.
    #[napi(catch_unwind)]
    pub fn close_stream(&self, slot: u32, generation: u32) {
        let token = Token { slot, generation };
        self.read(token, |reactor| reactor.close_stream(token));
    }

    /// Delivers what is in the intake, unless a turn runs.
    #[napi(catch_unwind)]
    pub fn deliver_intake(&self) {
        self.shared.serve_all(|| {
            self.shared.collect();
            self.shared.deliver_pushed();
        });
    }

    /// Tells the engine what a stream brought, behind what is in the intake.
    fn read(&self, token: Token, tell: impl FnOnce(&mut Reactor<LargeBuffer>)) {
        self.shared.serve_all(|| {
            self.shared.collect();
            self.shared.guard(token, Reactor::fail_reading, tell);
            self.shared.deliver_pushed();
        });
    }

    /// Takes what streams have to write, as far as there is room: fills the records and the bytes
    /// behind each other. Returns how many records there are.
    #[napi(catch_unwind)]
    pub fn take_outputs(&self) -> u32 {
        self.shared.serve_all(|| self.fill_outputs())
    }

    fn fill_outputs(&self) -> u32 {
        let mut reactor = self.shared.reactor.borrow_mut();
        let count = self.shared.memory.fill_outputs(|records, arena| {
            let mut count = 0;
            let mut used = 0;
            for record in records.chunks_exact_mut(OUTPUT_FIELDS) {
                let Some(taken) = reactor.take_output(&mut arena[used..], used == 0) else {
                    break;
                };
                record.copy_from_slice(&[
                    taken.token.slot as i32,
                    taken.token.generation as i32,
                    taken.length as i32,
                    taken.marks as i32,
                    i32::from(taken.end),
                ]);
                used += taken.length;
                count += 1;
            }
            count
        });
        let left = reactor.has_output();
        self.shared.memory.set(Header::Outputs, usize::from(left));
        count.unwrap_or(0)
    }
}

//! Connections over JavaScript streams.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::connection::settings;
use super::endpoint::Endpoint;
use super::memory::Header;
use crate::engine::{Output, Token};

/// What a stream has to write.
#[napi(object)]
pub struct StreamOutput {
    pub slot: u32,
    pub generation: u32,
    pub bytes: Buffer,
    /// How many of the writes in `bytes` asked to be told of their completion.
    pub marks: u32,
    /// Whether the stream is to be ended after `bytes`.
    pub end: bool,
}

#[napi]
impl Endpoint {
    /// Takes a connection in whose bytes a stream moves. Returns slot and generation.
    #[napi(catch_unwind)]
    pub fn add_stream(
        &self,
        is_server: bool,
        max_payload: f64,
        max_fragments: u32,
        max_buffered_chunks: u32,
        skip_utf8_validation: bool,
    ) -> Vec<u32> {
        let settings = settings(
            is_server,
            max_payload,
            max_fragments,
            max_buffered_chunks,
            skip_utf8_validation,
        );
        let token = self.shared.reactor.borrow_mut().add_stream(settings);
        vec![token.slot, token.generation]
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

    /// What streams have to write, each once.
    #[napi(catch_unwind)]
    pub fn take_outputs(&self) -> Vec<StreamOutput> {
        let mut reactor = self.shared.reactor.borrow_mut();
        let mut outputs = Vec::new();
        while let Some((token, output)) = reactor.take_output() {
            let Output {
                bytes, marks, end, ..
            } = output;
            outputs.push(StreamOutput {
                slot: token.slot,
                generation: token.generation,
                bytes: bytes.into(),
                marks: marks as u32,
                end,
            });
        }
        self.shared.memory.set(Header::Outputs, 0);
        outputs
    }
}

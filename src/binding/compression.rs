//! Compression without a connection: what the `PerMessageDeflate` of `lib/` is made of.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::error::{ProtocolErrorFacts, facts, misuse};
use crate::engine;
use crate::protocol::ProtocolError;
use crate::protocol::deflate::{self, Agreement, Compression};
use crate::protocol::inflate::{self, Compressed};
use crate::protocol::window::Window;

/// What both ends have agreed on (RFC 7692 §7.1), and how this one compresses.
#[napi(object)]
pub struct DeflateSettings {
    /// The base-2 logarithm of the window of what is sent, 8 to 15.
    pub send_window_bits: u32,
    /// Whether what is sent may refer to earlier messages.
    pub send_takeover: bool,
    pub receive_window_bits: u32,
    pub receive_takeover: bool,
    /// zlib's parameters.
    pub level: i32,
    pub mem_level: u32,
    pub strategy: i32,
    /// Milliseconds after the last compressed message in which what is kept for the next one is
    /// given back; 0 means never.
    pub release_after: f64,
    /// How many messages the process may compress or decompress on other threads at once.
    pub concurrency_limit: u32,
}

impl DeflateSettings {
    pub(super) fn read(self) -> Result<engine::DeflateSettings> {
        let compression = compression(
            self.level,
            self.mem_level,
            self.strategy,
            self.send_window_bits,
        )?;
        Ok(engine::DeflateSettings {
            agreement: Agreement {
                send_takeover: self.send_takeover,
                compression,
                receive_takeover: self.receive_takeover,
                receive_window_bits: u8::try_from(self.receive_window_bits).unwrap_or(u8::MAX),
            },
            release_after: self.release_after as u64,
            concurrency: self.concurrency_limit as usize,
        })
    }
}

fn compression(level: i32, mem_level: u32, strategy: i32, window_bits: u32) -> Result<Compression> {
    Compression::new(level, mem_level, strategy, window_bits)
        .ok_or_else(|| misuse("a parameter of zlib is out of range"))
}

/// Memory for what is decompressed grows by this many bytes at first.
const FIRST_OUTPUT: usize = 16 * 1024;

/// Compresses messages (RFC 7692 §7.2.1).
#[napi]
pub struct Deflater {
    deflater: deflate::Deflater,
    takeover: bool,
    in_message: bool,
}

#[napi]
impl Deflater {
    /// zlib's parameters; with `takeover` messages refer to earlier ones.
    ///
    /// # Errors
    /// A parameter out of range.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        level: i32,
        mem_level: u32,
        strategy: i32,
        window_bits: u32,
        takeover: bool,
    ) -> Result<Self> {
        let compression = compression(level, mem_level, strategy, window_bits)?;
        Ok(Deflater {
            deflater: deflate::Deflater::new(compression),
            takeover,
            in_message: false,
        })
    }

    /// The compressed payload of a frame; `fin`: it is the last of its message.
    ///
    /// # Errors
    /// If there is no memory.
    #[napi(catch_unwind)]
    pub fn compress<'env>(
        &mut self,
        env: &'env Env,
        payload: &[u8],
        fin: bool,
    ) -> Result<BufferSlice<'env>> {
        if !self.takeover && !self.in_message {
            self.deflater.begin(&[], fin.then_some(payload.len()));
        }
        self.in_message = !fin;
        let mut output = Vec::new();
        self.deflater.deflate(payload, fin, &mut output);
        BufferSlice::copy_from(env, output)
    }
}

/// Decompresses messages (RFC 7692 §7.2.2).
#[napi]
pub struct Inflater {
    inflater: inflate::Inflater,
    /// `None` if messages do not refer to earlier ones.
    window: Option<Window>,
    /// What the message that was begun last may refer to.
    before: Vec<u8>,
    max_payload: usize,
    in_message: bool,
    error: Option<ProtocolError>,
}

#[napi]
impl Inflater {
    /// `window_bits` is the peer's; with `takeover` messages may refer to earlier ones. A frame is
    /// at most `max_payload` bytes long when it is decompressed; 0 means no limit.
    #[napi(constructor, catch_unwind)]
    pub fn new(window_bits: u32, takeover: bool, max_payload: f64) -> Self {
        let bits = u8::try_from(window_bits).unwrap_or(u8::MAX);
        Inflater {
            inflater: inflate::Inflater::new(),
            window: takeover.then(|| Window::new(bits)),
            before: Vec::new(),
            // A limit beyond what memory has addresses for is none.
            max_payload: match max_payload as usize {
                0 => usize::MAX,
                limit => limit,
            },
            in_message: false,
            error: None,
        }
    }

    /// The decompressed payload of a frame; `fin`: it is the last of its message. `null` if that
    /// cannot be had, as [`Inflater::error`] says.
    ///
    /// # Errors
    /// If there is no memory.
    #[napi(catch_unwind)]
    pub fn decompress<'env>(
        &mut self,
        env: &'env Env,
        payload: &[u8],
        fin: bool,
    ) -> Result<Option<BufferSlice<'env>>> {
        if !self.in_message {
            let window = self.window.as_ref().map_or(&[][..], Window::bytes);
            self.inflater.begin(window);
            self.before = window.to_vec();
        }
        self.in_message = !fin;
        match self.inflate(payload, fin) {
            Ok(output) => {
                if let Some(window) = &mut self.window {
                    window.push(&output);
                }
                BufferSlice::copy_from(env, output).map(Some)
            }
            Err(error) => {
                self.in_message = false;
                self.error = Some(error);
                Ok(None)
            }
        }
    }

    /// Why the last frame could not be decompressed.
    #[napi(catch_unwind)]
    pub fn error(&self) -> Option<ProtocolErrorFacts> {
        self.error.map(facts)
    }

    fn inflate(
        &mut self,
        payload: &[u8],
        fin: bool,
    ) -> std::result::Result<Vec<u8>, ProtocolError> {
        let mut frame = Compressed::new(payload, fin, 0);
        let mut output = Vec::new();
        let mut length = 0;
        while !frame.is_done() {
            // One byte beyond the limit shows that it is exceeded.
            let most = self.max_payload.saturating_add(1);
            let capacity = (length * 2).max(FIRST_OUTPUT).min(most);
            output.resize(capacity, 0);
            length += match self.inflater.inflate(&mut frame, &mut output[length..]) {
                Ok(length) => length,
                Err(error) => return Err(self.inflater.explain(error, &self.before, &frame)),
            };
            if length > self.max_payload {
                return Err(ProtocolError::MaxPayloadExceeded);
            }
        }
        output.truncate(length);
        Ok(output)
    }
}

//! The native half of Ferrows, a WebSocket library for Node.js.
//!
//! # Layout
//!
//! ```text
//! lib/*.js     policy: options, hooks, the order of events
//! ─────────────────────────────────────────────────────────────────────
//! binding      the only code that names Node-API: one Endpoint per environment
//! engine       connections, the sockets under them, and the reactor that drives both
//! protocol     RFC 6455 and 7692: bytes in, events out; no I/O, no clock, no unsafe
//! ```
//!
//! Imports point downwards only. `protocol` compiles alone: the fuzz targets include it by path.
//!
//! # Where a byte goes
//!
//! The opening handshake is Node.js's: its http server parses the request and emits `'upgrade'`.
//! Then the TCP connection leaves its `net.Socket`: [`engine`] duplicates the descriptor and
//! registers it with an epoll instance of its own. libuv watches that one descriptor. When it is
//! readable a *turn* begins: bytes are received into the inbox's arena, frames are decoded and
//! unmasked in place, and each event becomes a record. JavaScript is called once for all of them.
//! What it sends is laid out in the outbox, likewise payloads and records, and when the call
//! returns, each connection's frames leave in one system call.
//!
//! # Threads
//!
//! Everything happens on the thread of the JavaScript environment, but for compressing and
//! decompressing what is large: threads of one pool do that for the whole process, and hand the
//! result back to the reactor that asked for it. A process may have several environments, and a
//! thread too; nothing else is shared between them.

#[cfg(all(feature = "panic-injection", not(debug_assertions)))]
compile_error!("panics are not for release builds");

// `#[napi]` registers nothing in test builds, so there nobody calls what it exports.
#[cfg_attr(test, allow(dead_code))]
mod binding;
mod engine;
mod protocol;

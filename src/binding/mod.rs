//! The only code that names Node-API.
//!
//! What crosses, and who owns it:
//!
//! * The **shared memory** of an [`Endpoint`](endpoint::Endpoint): a header, and for each direction
//!   an arena and a list of records. JavaScript allocates it; Rust writes the inbox during a turn
//!   and reads the outbox during a flush, JavaScript does the opposite in between. Never both: all
//!   of it happens on the one thread of the environment. Streams have the same for what they have
//!   read, and for what they have to write.
//! * **Large payloads**: `Buffer`s that Rust makes, receives into, and hands over with a batch.
//!   After that they are the user's.
//! * **Calls into JavaScript**: `dispatch()` once per batch, made by [`turn`] only, with no borrow
//!   of anything held. It may call back into every function here.
//!
//! One `Endpoint` belongs to one environment. Nothing is `static` or thread-local, as a thread may
//! hold several environments.

// What `#[napi]` exports is reached by Node-API alone.
#![allow(unreachable_pub)]

mod clock;
mod compression;
mod connection;
mod decoder;
mod endpoint;
mod error;
mod framing;
mod handshake;
mod large;
mod memory;
mod stream;
mod turn;

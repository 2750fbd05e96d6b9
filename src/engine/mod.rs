//! The connections and the sockets under them. Nothing here knows JavaScript: what arrives is
//! laid out in a [`Batch`], what leaves is read from an [`Outbox`], and both are memory that
//! somebody else owns.
//!
//! ```text
//!             libuv watches one descriptor (pump.rs)
//!                            │ readable
//!                 ┌──────────▼──────────┐
//!    sockets ───► │ Reactor  (mio)      │ ───► Batch: records + payload arena
//!            ◄─── │  slab of Connection │ ◄─── Outbox: records + payload arena
//!                 └─────────────────────┘
//! ```
//!
//! One `Reactor` belongs to one thread. Reading is bounded per connection and turn
//! ([`reading`]), writing gathers all frames that a connection was given in one turn
//! ([`writing`]), and a connection with nothing in flight holds no buffer.

mod adopt;
mod batch;
mod connection;
mod intake;
mod message;
mod outbox;
mod output;
mod pending;
mod pump;
mod reactor;
mod reading;
mod scratch;
mod stream;
#[cfg(test)]
mod tests;
mod token;
mod write_queue;
mod writing;

pub(crate) use adopt::{AdoptError, adopt};
pub(crate) use batch::{Batch, KIND_NAMES};
pub(crate) use connection::Settings;
pub(crate) use intake::Intake;
pub(crate) use message::LargePayloads;
pub(crate) use outbox::{Command, OPERATION_NAMES, Outbox, RECORD_FIELDS};
pub(crate) use pump::{Pump, PumpError};
pub(crate) use reactor::Reactor;
pub(crate) use token::Token;

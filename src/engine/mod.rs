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
//! ([`writing`]), and a connection with nothing in flight holds no buffer. What permessage-deflate
//! needs is borrowed from the thread ([`deflation`]); what is large is left to a pool ([`jobs`]).

// Elsewhere nobody calls what only sockets need.
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

#[cfg(target_os = "linux")]
mod adopt;
mod batch;
mod broken;
mod connection;
mod decoding;
mod deflating;
mod deflation;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
mod finished;
#[cfg(target_os = "linux")]
mod guess;
mod inflating;
mod intake;
mod jobs;
mod message;
mod outbox;
mod output;
mod pending;
mod pool;
#[cfg(target_os = "linux")]
mod pump;
mod reactor;
mod reading;
mod scratch;
#[cfg(target_os = "linux")]
mod socket;
mod stream;
#[cfg(all(test, target_os = "linux"))]
mod tests;
mod token;
mod trim;
mod write_queue;
mod writing;

/// What is much is less by this under Miri, which takes a thousand times as long for each byte.
const SCALE: usize = if cfg!(miri) { 16 } else { 1 };

pub(crate) use batch::{Batch, KIND_NAMES};
pub(crate) use connection::Settings;
pub(crate) use deflation::DeflateSettings;
pub(crate) use intake::Intake;
pub(crate) use message::LargePayloads;
pub(crate) use outbox::{Command, OPERATION_NAMES, Outbox, RECORD_FIELDS};
pub(crate) use reactor::Reactor;
pub(crate) use token::Token;

// Only on Linux are descriptors taken so far.
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{Libuv, Pump, PumpError, adopt};
#[cfg(target_os = "linux")]
pub(crate) use {
    adopt::adopt,
    pump::{Libuv, Pump, PumpError},
};

#[cfg(not(target_os = "linux"))]
use elsewhere::Poller;
#[cfg(target_os = "linux")]
use socket::Poller;

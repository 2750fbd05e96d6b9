//! RFC 6455 and RFC 7692 as state machines over bytes: no I/O, no clock, no `unsafe`, no JavaScript.
//!
//! The caller owns every byte. It hands what it read to [`Connection::receive`], which unmasks in
//! place and answers with ranges of that input; it writes frames with [`FrameHeader::encode`], which
//! needs no connection, so one encoded frame serves many. Nothing here allocates except the
//! handshake, which runs once per connection, and compression. The contract of the decoder is on
//! [`Connection`].
//!
//! | file             | what it obeys                                                        |
//! |------------------|----------------------------------------------------------------------|
//! | `handshake.rs`   | RFC 6455 §4.2, the server's side of the opening handshake            |
//! | `subprotocol.rs` | RFC 6455 §4.1 item 10, `Sec-WebSocket-Protocol`                      |
//! | `extension.rs`   | RFC 6455 §9.1, `Sec-WebSocket-Extensions`                            |
//! | `token.rs`       | RFC 2616 §2.2, `token`, which both headers are made of               |
//! | `header.rs`      | RFC 6455 §5.2, the base framing protocol                             |
//! | `mask.rs`        | RFC 6455 §5.3, client-to-server masking                              |
//! | `message.rs`     | RFC 6455 §5.4, fragmentation; §5.6, data frames                      |
//! | `close.rs`       | RFC 6455 §5.5.1 and §7.4, the close frame and its status codes       |
//! | `utf8.rs`        | RFC 6455 §8.1, UTF-8 in pieces                                       |
//! | `limits.rs`      | RFC 6455 §10.4, implementation-specific limits                       |
//! | `error.rs`       | RFC 6455 §7.1.7, why a connection is failed: the one table           |
//! | `connection.rs`  | RFC 6455 §5 and §6.2, receiving data: the state machine              |
//! | `deflate.rs`     | RFC 7692 §7.1, what was agreed on; §7.2.1, compression               |
//! | `inflate.rs`     | RFC 7692 §7.2.2, decompression                                       |
//! | `lz77.rs`        | RFC 1951 §4, finding what has been before                            |
//! | `block.rs`       | RFC 1951 §3.2, the block that it becomes                             |
//! | `huffman.rs`     | RFC 1951 §3.2.2, the codes in that block                             |
//! | `window.rs`      | RFC 7692 §7.1.1, the LZ77 window that is taken over                  |
//! | `injection.rs`   | nothing: panics that tests ask for                                   |

#![forbid(unsafe_code)]

mod block;
pub(crate) mod close;
pub(crate) mod connection;
pub(crate) mod deflate;
mod error;
pub(crate) mod extension;
pub(crate) mod handshake;
pub(crate) mod header;
mod huffman;
pub(crate) mod inflate;
pub(crate) mod injection;
mod limits;
mod lz77;
pub(crate) mod mask;
mod message;
pub(crate) mod subprotocol;
#[cfg(test)]
mod tests;
mod token;
pub(crate) mod utf8;
pub(crate) mod window;

pub(crate) use close::{CloseCode, ClosePayload};
pub(crate) use connection::{Connection, Event, Role};
pub(crate) use error::{ErrorConstructor, ProtocolError};
pub(crate) use header::{FrameHeader, Opcode};
pub(crate) use limits::Limits;
pub(crate) use message::MessageKind;
pub(crate) use token::SyntaxError;

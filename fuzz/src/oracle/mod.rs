//! What the protocol should do, written for clarity: each in another way than the code it is
//! compared with, and as slow as it likes.

pub(crate) mod handshake;
pub(crate) mod headers;
pub(crate) mod inflate;

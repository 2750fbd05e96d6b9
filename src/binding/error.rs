//! Errors of the peer, as JavaScript is told them.

use napi::{Error, Status};
use napi_derive::napi;

use crate::protocol::{ErrorConstructor, ProtocolError};

/// What the `Error` for a protocol error is made from (RFC 6455 §7.1.7).
#[napi(object)]
pub struct ProtocolErrorFacts {
    pub message: String,
    /// `WS_ERR_*`
    pub code: String,
    /// The status code of the close frame that the peer is sent.
    pub close_code: u16,
    /// Whether it is a `RangeError`; otherwise an `Error`.
    pub is_range_error: bool,
}

/// The exception for what a caller has passed. Its code differs from that of a panic.
pub(super) fn misuse(text: impl ToString) -> Error {
    Error::new(Status::InvalidArg, text.to_string())
}

pub(super) fn facts(error: ProtocolError) -> ProtocolErrorFacts {
    ProtocolErrorFacts {
        message: error.to_string(),
        code: error.code().to_owned(),
        close_code: error.close_code().value(),
        is_range_error: matches!(error.constructor(), ErrorConstructor::RangeError),
    }
}

//! Why a connection is failed, RFC 6455 §7.1.7: one closed enum, one table.

use std::fmt;

use super::CloseCode;

/// The peer broke the protocol or a limit, or we cannot go on. The connection must be failed with
/// [`close_code`](Self::close_code); texts and codes are those of ws, but for ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProtocolError {
    UnexpectedRsv23,
    UnexpectedRsv1,
    /// A reserved opcode, a continuation of nothing, or a new message inside a fragmented one.
    InvalidOpcode(u8),
    ExpectedFin,
    /// The 7-bit length of a control frame: 126 or 127 in any, 1 in a close frame.
    InvalidControlPayloadLength(u8),
    ExpectedMask,
    UnexpectedMask,
    /// A payload length above 2^53 - 1 bytes.
    PayloadLengthTooLarge,
    /// The message is longer than `max_payload`.
    MaxPayloadExceeded,
    /// The message has more frames than `max_fragments`.
    TooManyFragments,
    /// An unfinished frame came in more reads than `max_buffered_chunks`.
    TooManyBufferedChunks,
    InvalidCloseCode(u16),
    InvalidUtf8,
    /// A compressed payload that zlib refuses, with zlib's text.
    InvalidCompression(&'static str),
    /// Not the peer's fault: something of ours has panicked.
    Internal,
}

/// The JavaScript class that the error has in ws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorConstructor {
    Error,
    RangeError,
}

/// A row of the table: class, text (followed by a number in three cases), close code, `WS_ERR_*`.
type Row = (
    ErrorConstructor,
    &'static str,
    Option<u16>,
    CloseCode,
    &'static str,
);

impl ProtocolError {
    /// The status code of the close frame that fails the connection.
    pub(crate) fn close_code(self) -> CloseCode {
        self.row().3
    }

    /// The `code` property: `WS_ERR_*`, or zlib's.
    pub(crate) fn code(self) -> &'static str {
        self.row().4
    }

    pub(crate) fn constructor(self) -> ErrorConstructor {
        self.row().0
    }

    #[rustfmt::skip]
    fn row(self) -> Row {
        use ErrorConstructor::{Error, RangeError};
        type Code = CloseCode;
        match self {
            Self::UnexpectedRsv23 => (RangeError, "Invalid WebSocket frame: RSV2 and RSV3 must be clear", None, Code::PROTOCOL_ERROR, "WS_ERR_UNEXPECTED_RSV_2_3"),
            Self::UnexpectedRsv1 => (RangeError, "Invalid WebSocket frame: RSV1 must be clear", None, Code::PROTOCOL_ERROR, "WS_ERR_UNEXPECTED_RSV_1"),
            Self::InvalidOpcode(opcode) => (RangeError, "Invalid WebSocket frame: invalid opcode", Some(opcode as u16), Code::PROTOCOL_ERROR, "WS_ERR_INVALID_OPCODE"),
            Self::ExpectedFin => (RangeError, "Invalid WebSocket frame: FIN must be set", None, Code::PROTOCOL_ERROR, "WS_ERR_EXPECTED_FIN"),
            Self::InvalidControlPayloadLength(length) => (RangeError, "Invalid WebSocket frame: invalid payload length", Some(length as u16), Code::PROTOCOL_ERROR, "WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH"),
            Self::ExpectedMask => (RangeError, "Invalid WebSocket frame: MASK must be set", None, Code::PROTOCOL_ERROR, "WS_ERR_EXPECTED_MASK"),
            Self::UnexpectedMask => (RangeError, "Invalid WebSocket frame: MASK must be clear", None, Code::PROTOCOL_ERROR, "WS_ERR_UNEXPECTED_MASK"),
            Self::PayloadLengthTooLarge => (RangeError, "Unsupported WebSocket frame: payload length > 2^53 - 1", None, Code::TOO_BIG, "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH"),
            Self::MaxPayloadExceeded => (RangeError, "Max payload size exceeded", None, Code::TOO_BIG, "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH"),
            Self::TooManyFragments => (RangeError, "Too many message fragments", None, Code::POLICY, "WS_ERR_TOO_MANY_BUFFERED_PARTS"),
            Self::TooManyBufferedChunks => (RangeError, "Too many buffered chunks", None, Code::POLICY, "WS_ERR_TOO_MANY_BUFFERED_PARTS"),
            Self::InvalidCloseCode(code) => (RangeError, "Invalid WebSocket frame: invalid status code", Some(code), Code::PROTOCOL_ERROR, "WS_ERR_INVALID_CLOSE_CODE"),
            Self::InvalidCompression(text) => (Error, text, None, Code::INVALID_PAYLOAD, "Z_DATA_ERROR"),
            Self::Internal => (Error, "Internal error: this connection cannot go on", None, Code::INTERNAL_ERROR, "FERROWS_ERR_INTERNAL"),
            Self::InvalidUtf8 => (Error, "Invalid WebSocket frame: invalid UTF-8 sequence", None, Code::INVALID_PAYLOAD, "WS_ERR_INVALID_UTF8"),
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, text, number, ..) = self.row();
        f.write_str(text)?;
        number.map_or(Ok(()), |number| write!(f, " {number}"))
    }
}

impl std::error::Error for ProtocolError {}

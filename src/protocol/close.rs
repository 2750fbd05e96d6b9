//! The close frame's payload, RFC 6455 §5.5.1, and its status codes, §7.4.

use std::fmt;
use std::num::NonZeroU16;

use super::header::MAX_CONTROL_PAYLOAD;
use super::{ProtocolError, utf8};

/// A status code, RFC 6455 §7.4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CloseCode(NonZeroU16);

/// Bytes the status code takes at the start of a close frame's payload.
const CODE_LENGTH: usize = 2;

impl CloseCode {
    #[cfg(test)]
    pub(crate) const NORMAL: Self = Self::constant(1000);
    pub(crate) const PROTOCOL_ERROR: Self = Self::constant(1002);
    /// "designated for use in applications expecting a status code to indicate that no status code
    /// was actually present" (§7.4.1): never on the wire.
    pub(crate) const NO_STATUS: Self = Self::constant(1005);
    /// "the connection was closed abnormally" (§7.4.1): never on the wire.
    #[cfg(test)]
    pub(crate) const ABNORMAL: Self = Self::constant(1006);
    pub(crate) const INVALID_PAYLOAD: Self = Self::constant(1007);
    pub(crate) const POLICY: Self = Self::constant(1008);
    pub(crate) const TOO_BIG: Self = Self::constant(1009);
    pub(crate) const INTERNAL_ERROR: Self = Self::constant(1011);

    const fn constant(code: u16) -> Self {
        match NonZeroU16::new(code) {
            Some(code) => Self(code),
            None => panic!("a status code is not zero"),
        }
    }

    /// The code if it may stand in a close frame, sent or received: 1000–1014 without 1004, 1005
    /// and 1006, and 3000–4999.
    pub(crate) const fn from_wire(code: u16) -> Option<Self> {
        match code {
            // §7.4.1: 1005 and 1006 "MUST NOT be set as a status code in a Close control frame by
            // an endpoint"; the meaning of 1004 "might be defined in the future". §7.4.2: 0-999
            // "are not used", 1015-2999 are reserved.
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self::constant(code)),
            _ => None,
        }
    }

    /// Whether the code may stand in a close frame.
    pub(crate) const fn is_sendable(self) -> bool {
        Self::from_wire(self.value()).is_some()
    }

    pub(crate) const fn value(self) -> u16 {
        self.0.get()
    }
}

/// The payload of a close frame: a status code and a reason, or nothing ([`CloseCode::NO_STATUS`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClosePayload<'a> {
    pub(crate) code: CloseCode,
    pub(crate) reason: &'a [u8],
}

impl<'a> ClosePayload<'a> {
    /// Bytes a reason may have: a control frame's payload less the status code.
    pub(crate) const MAX_REASON: usize = MAX_CONTROL_PAYLOAD - CODE_LENGTH;

    /// Reads the unmasked payload of a close frame.
    ///
    /// # Errors
    /// A single byte, a code that may not be sent, or a reason that is not UTF-8.
    pub(crate) fn decode(
        payload: &'a [u8],
        skip_utf8_validation: bool,
    ) -> Result<Self, ProtocolError> {
        // §5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned
        // integer (in network byte order) representing a status code".
        let (code, reason) = match payload {
            [] => (CloseCode::NO_STATUS, payload),
            [_] => return Err(ProtocolError::InvalidControlPayloadLength(1)),
            [high, low, reason @ ..] => {
                let code = u16::from_be_bytes([*high, *low]);
                let code =
                    CloseCode::from_wire(code).ok_or(ProtocolError::InvalidCloseCode(code))?;
                (code, reason)
            }
        };
        // §5.5.1: "the body MAY contain UTF-8-encoded data with value /reason/".
        if !skip_utf8_validation && !utf8::is_valid(reason) {
            return Err(ProtocolError::InvalidUtf8);
        }
        Ok(Self { code, reason })
    }

    /// Writes the payload of a close frame and returns its length in bytes; without a status there
    /// is no reason either.
    ///
    /// # Errors
    /// The caller's misuse: a code that may not be sent, a reason over [`Self::MAX_REASON`] bytes.
    pub(crate) fn encode(self, out: &mut [u8; MAX_CONTROL_PAYLOAD]) -> Result<usize, CloseError> {
        if self.code == CloseCode::NO_STATUS {
            return Ok(0);
        }
        if !self.code.is_sendable() {
            return Err(CloseError::InvalidCode);
        }
        if self.reason.len() > Self::MAX_REASON {
            return Err(CloseError::ReasonTooLong);
        }
        let length = CODE_LENGTH + self.reason.len();
        out[..CODE_LENGTH].copy_from_slice(&self.code.value().to_be_bytes());
        out[CODE_LENGTH..length].copy_from_slice(self.reason);
        Ok(length)
    }
}

/// A close frame that may not be sent: the caller's misuse, thrown at it by `close()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseError {
    /// A `TypeError` in ws.
    InvalidCode,
    /// A `RangeError` in ws.
    ReasonTooLong,
}

impl fmt::Display for CloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidCode => "First argument must be a valid error code number",
            Self::ReasonTooLong => "The message must not be greater than 123 bytes",
        })
    }
}

impl std::error::Error for CloseError {}

#[cfg(test)]
mod tests {
    use super::{CloseCode, CloseError, ClosePayload, MAX_CONTROL_PAYLOAD, ProtocolError};
    use crate::protocol::tests::sample;

    fn encode(code: CloseCode, reason: &[u8]) -> Result<Vec<u8>, CloseError> {
        let mut out = [0; MAX_CONTROL_PAYLOAD];
        let length = ClosePayload { code, reason }.encode(&mut out)?;
        Ok(out[..length].to_vec())
    }

    #[test]
    fn exactly_the_codes_of_the_registry_and_of_applications_go_over_the_wire() {
        let allowed = |code| match code {
            1004..=1006 => false,
            _ => (1000..=1014).contains(&code) || (3000..=4999).contains(&code),
        };
        for code in sample(97, 0..=u16::MAX) {
            assert_eq!(
                CloseCode::from_wire(code).is_some(),
                allowed(code),
                "{code}"
            );
            let [high, low] = code.to_be_bytes();
            let expected = match CloseCode::from_wire(code) {
                Some(code) => Ok(ClosePayload { code, reason: b"" }),
                None => Err(ProtocolError::InvalidCloseCode(code)),
            };
            assert_eq!(ClosePayload::decode(&[high, low], false), expected);
        }
        assert!(CloseCode::NORMAL.is_sendable());
        assert!(!CloseCode::NO_STATUS.is_sendable() && !CloseCode::ABNORMAL.is_sendable());
    }

    #[test]
    fn decodes_nothing_as_no_status() {
        let payload = ClosePayload {
            code: CloseCode::NO_STATUS,
            reason: b"",
        };
        assert_eq!(ClosePayload::decode(b"", false), Ok(payload));
    }

    #[test]
    fn a_single_byte_is_no_code() {
        let error = ProtocolError::InvalidControlPayloadLength(1);
        assert_eq!(ClosePayload::decode(&[0x03], false), Err(error));
    }

    #[test]
    fn the_reason_is_validated_unless_told_otherwise() {
        let payload = [0x03, 0xe8, 0xff];
        assert_eq!(
            ClosePayload::decode(&payload, false),
            Err(ProtocolError::InvalidUtf8)
        );
        let taken = ClosePayload {
            code: CloseCode::NORMAL,
            reason: &[0xff],
        };
        assert_eq!(ClosePayload::decode(&payload, true), Ok(taken));
    }

    #[test]
    fn encodes_a_code_and_a_reason_up_to_the_maximum() {
        assert_eq!(
            encode(CloseCode::NORMAL, b"ok"),
            Ok(vec![0x03, 0xe8, b'o', b'k'])
        );
        assert_eq!(encode(CloseCode::TOO_BIG, b""), Ok(vec![0x03, 0xf1]));
        assert_eq!(encode(CloseCode::NO_STATUS, b"ignored"), Ok(vec![]));
        assert_eq!(
            encode(CloseCode::NORMAL, &[b'x'; 123]).map(|bytes| bytes.len()),
            Ok(125)
        );
    }

    #[test]
    fn misuse_has_the_texts_of_ws() {
        let error = encode(CloseCode::ABNORMAL, b"").expect_err("1006");
        assert_eq!(error, CloseError::InvalidCode);
        assert_eq!(
            error.to_string(),
            "First argument must be a valid error code number"
        );
        let error = encode(CloseCode::NORMAL, &[b'x'; 124]).expect_err("124 bytes");
        assert_eq!(error, CloseError::ReasonTooLong);
        assert_eq!(
            error.to_string(),
            "The message must not be greater than 123 bytes"
        );
    }
}

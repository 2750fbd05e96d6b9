//! Framing without a connection.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::error::misuse;
use crate::protocol::close::CloseError;
use crate::protocol::injection::{panic_if_asked, panic_if_told};
use crate::protocol::{CloseCode, ClosePayload, FrameHeader, Opcode, mask};

/// The header of a frame with a payload of `length` bytes (RFC 6455 §5.2). `opcode` is its low
/// four bits; `key` is a masking key of four bytes, or empty.
#[napi(catch_unwind)]
pub fn frame_header(opcode: u8, fin: bool, rsv1: bool, key: &[u8], length: f64) -> Result<Buffer> {
    panic_if_told("framing");
    let opcode = Opcode::from_value(opcode).ok_or_else(|| misuse("unknown opcode"))?;
    let mask = match key {
        [] => None,
        [a, b, c, d] => Some([*a, *b, *c, *d]),
        _ => return Err(misuse("a masking key has four bytes")),
    };
    let header = FrameHeader {
        fin,
        rsv1,
        opcode,
        mask,
        length: length as u64,
    };
    let mut encoded = [0; FrameHeader::MAX_LENGTH];
    let length = header.encode(&mut encoded);
    Ok(encoded[..length].to_vec().into())
}

/// Masks or unmasks `payload` in place with a key of four bytes (RFC 6455 §5.3).
///
/// # Errors
/// If the key has another length.
#[napi(catch_unwind)]
pub fn apply_mask(mut payload: Uint8Array, key: &[u8]) -> Result<()> {
    let key = key
        .try_into()
        .map_err(|_| misuse("a masking key has four bytes"))?;
    // SAFETY: the caller passes a copy of its own, and JavaScript does not run meanwhile.
    let payload = unsafe { payload.as_mut() };
    panic_if_asked("masking", payload);
    mask::apply(payload, key);
    Ok(())
}

/// The payload of a close frame, or why there cannot be one.
#[napi(object)]
#[derive(Default)]
pub struct CloseFrame {
    pub payload: Option<Buffer>,
    /// The text of the error.
    pub misuse: Option<String>,
    /// Whether it is a `RangeError`; otherwise a `TypeError`.
    pub is_range_error: Option<bool>,
}

/// Makes the payload of a close frame (RFC 6455 §5.5.1).
#[napi(catch_unwind)]
pub fn close_frame(code: f64, reason: &[u8]) -> CloseFrame {
    panic_if_asked("closing", reason);
    let whole = code as u16;
    let code = (f64::from(whole) == code)
        .then(|| CloseCode::from_wire(whole))
        .flatten();
    let mut encoded = [0; 125];
    let result = code
        .ok_or(CloseError::InvalidCode)
        .and_then(|code| ClosePayload { code, reason }.encode(&mut encoded));
    match result {
        Ok(length) => CloseFrame {
            payload: Some(encoded[..length].to_vec().into()),
            ..CloseFrame::default()
        },
        Err(error) => CloseFrame {
            misuse: Some(error.to_string()),
            is_range_error: Some(matches!(error, CloseError::ReasonTooLong)),
            ..CloseFrame::default()
        },
    }
}

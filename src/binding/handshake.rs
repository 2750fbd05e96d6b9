//! The opening handshake's rules, and framing without a connection.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::protocol::handshake::{UpgradeRequest, accept_key, check};
use crate::protocol::{FrameHeader, Opcode, extension, subprotocol};

/// What the rules say to an upgrade request (RFC 6455 §4.2.1).
#[napi(object)]
#[derive(Default)]
pub struct UpgradeVerdict {
    /// Of an acceptable request: the protocol version, 13 or 8.
    pub version: Option<u8>,
    /// Of an acceptable request: the value of `Sec-WebSocket-Accept`.
    pub accept: Option<String>,
    /// Of any other: the HTTP status, the text, and headers of the response.
    pub status: Option<u16>,
    pub text: Option<String>,
    pub header_name: Option<String>,
    pub header_value: Option<String>,
}

/// Checks the method and the values of `Upgrade`, `Sec-WebSocket-Key` and
/// `Sec-WebSocket-Version`.
#[napi(catch_unwind)]
pub fn check_upgrade(
    method: String,
    upgrade: Option<String>,
    key: Option<String>,
    version: Option<String>,
) -> UpgradeVerdict {
    let request = UpgradeRequest {
        method: &method,
        upgrade: upgrade.as_deref(),
        key: key.as_deref(),
        version: version.as_deref(),
    };
    match check(request) {
        Ok(version) => UpgradeVerdict {
            version: Some(version as u8),
            accept: key.as_deref().map(accept_key),
            ..UpgradeVerdict::default()
        },
        Err(rejection) => UpgradeVerdict {
            status: Some(rejection.status()),
            text: Some(rejection.text().to_owned()),
            header_name: rejection.header().map(|(name, _)| name.to_owned()),
            header_value: rejection.header().map(|(_, value)| value.to_owned()),
            ..UpgradeVerdict::default()
        },
    }
}

/// The names in a `Sec-WebSocket-Protocol` header, in their order.
///
/// # Errors
/// The text of the `SyntaxError`.
#[napi(catch_unwind)]
pub fn parse_subprotocols(header: String) -> Result<Vec<String>> {
    subprotocol::parse(&header).map_err(|error| Error::from_reason(error.to_string()))
}

/// One parameter of an extension; without a value it is a flag.
#[napi(object)]
pub struct ExtensionParam {
    pub name: String,
    pub value: Option<String>,
}

/// One offer in a `Sec-WebSocket-Extensions` header (RFC 6455 §9.1).
#[napi(object)]
pub struct ExtensionOffer {
    pub name: String,
    pub params: Vec<ExtensionParam>,
}

/// The offers in a `Sec-WebSocket-Extensions` header, in their order.
///
/// # Errors
/// The text of the `SyntaxError`.
#[napi(catch_unwind)]
pub fn parse_extensions(header: String) -> Result<Vec<ExtensionOffer>> {
    let offers =
        extension::parse(&header).map_err(|error| Error::from_reason(error.to_string()))?;
    let param = |(name, value)| ExtensionParam { name, value };
    Ok(offers
        .into_iter()
        .map(|(name, params)| ExtensionOffer {
            name,
            params: params.into_iter().map(param).collect(),
        })
        .collect())
}

/// The header of a frame with a payload of `length` bytes (RFC 6455 §5.2). `opcode` is its low
/// four bits; `key` is a masking key of four bytes, or empty.
#[napi(catch_unwind)]
pub fn frame_header(opcode: u8, fin: bool, rsv1: bool, key: &[u8], length: f64) -> Result<Buffer> {
    let opcode = Opcode::from_value(opcode).ok_or_else(|| Error::from_reason("unknown opcode"))?;
    let mask = match key {
        [] => None,
        [a, b, c, d] => Some([*a, *b, *c, *d]),
        _ => return Err(Error::from_reason("a masking key has four bytes")),
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

//! The opening handshake's rules.

use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::error::misuse;
use crate::protocol::handshake::{UpgradeRequest, accept_key, check};
use crate::protocol::injection::{panic_if_asked, panic_if_told};
use crate::protocol::{extension, subprotocol};

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
    panic_if_asked(
        "checking",
        version.as_deref().unwrap_or_default().as_bytes(),
    );
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

/// The value of `Sec-WebSocket-Accept` that answers `key` (RFC 6455 §4.2.2).
#[napi(js_name = "acceptKey", catch_unwind)]
pub fn accept_key_for(key: String) -> String {
    panic_if_told("answering");
    accept_key(&key)
}

/// The names in a `Sec-WebSocket-Protocol` header, in their order.
///
/// # Errors
/// The text of the `SyntaxError`.
#[napi(catch_unwind)]
pub fn parse_subprotocols(header: String) -> Result<Vec<String>> {
    panic_if_asked("subprotocols", header.as_bytes());
    subprotocol::parse(&header).map_err(misuse)
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

/// The value of a `Sec-WebSocket-Extensions` header with these offers.
#[napi(catch_unwind)]
pub fn format_extensions(offers: Vec<ExtensionOffer>) -> String {
    panic_if_told("formatting");
    let param = |param: ExtensionParam| (param.name, param.value);
    let offers: Vec<_> = offers
        .into_iter()
        .map(|offer| (offer.name, offer.params.into_iter().map(param).collect()))
        .collect();
    extension::format(&offers)
}

/// The offers in a `Sec-WebSocket-Extensions` header, in their order.
///
/// # Errors
/// The text of the `SyntaxError`.
#[napi(catch_unwind)]
pub fn parse_extensions(header: String) -> Result<Vec<ExtensionOffer>> {
    panic_if_asked("extensions", header.as_bytes());
    let offers = extension::parse(&header).map_err(misuse)?;
    let param = |(name, value)| ExtensionParam { name, value };
    Ok(offers
        .into_iter()
        .map(|(name, params)| ExtensionOffer {
            name,
            params: params.into_iter().map(param).collect(),
        })
        .collect())
}

//! What the fuzz targets do with their input, here so that `tests/seeds.rs` can replay the seeds
//! without a fuzzer.
//!
//! The protocol is included by path: it must compile alone, with no crate that does I/O.

#![allow(clippy::duplicate_mod)] // compiled as a test, the protocol brings its tests along

mod compression;
mod frame_stream;
mod oracle;
#[allow(dead_code, unused_imports)] // the addon uses the rest
#[path = "../../src/protocol/mod.rs"]
mod protocol;
#[path = "../../src/protocol/tests/reference.rs"]
mod reference;
#[allow(dead_code)] // the unit tests use the rest
#[path = "../../src/protocol/tests/replay.rs"]
mod replay;
mod stream;

pub use compression::{deflate, deflate_large, inflate};
pub use frame_stream::{frame_stream_client, frame_stream_server};

use protocol::header::MAX_CONTROL_PAYLOAD;
use protocol::{
    ClosePayload, Connection, Event, Limits, MessageKind, ProtocolError, Role, extension,
    handshake as upgrade, subprotocol,
};

/// The fields of a request, one a line: it is judged as it should be, and the answer proves it.
pub fn handshake(data: &[u8]) {
    let request = latin1(data);
    let mut fields = request.split('\n');
    let method = fields.next().unwrap_or_default();
    let request = upgrade::UpgradeRequest {
        method,
        upgrade: fields.next(),
        key: fields.next(),
        version: fields.next(),
    };
    assert_eq!(upgrade::check(request), oracle::handshake::check(request));
    // Also of what is no key: it comes to the same.
    let key = request.key.unwrap_or_default();
    assert_eq!(upgrade::accept_key(key), oracle::handshake::accept_key(key));
}

/// A field is parsed as by a table of states, and what is parsed is formatted to something that is
/// parsed to the same.
pub fn headers(data: &[u8]) {
    let header = latin1(data);
    let offers = extension::parse(&header);
    assert_eq!(offers, oracle::headers::extensions(&header));
    if let Ok(offers) = offers {
        let formatted = extension::format(&offers);
        assert_eq!(extension::parse(&formatted), Ok(offers));
    }
    let protocols = subprotocol::parse(&header);
    assert_eq!(protocols, oracle::headers::subprotocols(&header));
    if let Ok(protocols) = protocols {
        assert!(!protocols.is_empty());
        assert_eq!(subprotocol::parse(&protocols.join(", ")), Ok(protocols));
    }
}

/// The payload of a close frame is read as in a stream by the slow twin, and what is decoded is
/// encoded to the same bytes.
pub fn close_payload(data: &[u8]) {
    for skip_utf8_validation in [false, true] {
        let decoded = ClosePayload::decode(data, skip_utf8_validation);
        if data.len() <= MAX_CONTROL_PAYLOAD {
            let limits = Limits {
                skip_utf8_validation,
                ..Limits::default()
            };
            let frame = [&[0x88, data.len() as u8], data].concat();
            let mut expected = reference::decode(Role::Client, limits, false, &frame);
            match decoded {
                Ok(close) => {
                    let item = replay::Item::Close(close.code.value(), close.reason.to_vec());
                    assert_eq!(expected.items, [item]);
                }
                Err(error) => assert_eq!(expected.error.take(), Some(error)),
            }
            assert_eq!(expected.error, None);
        }
        let Ok(close) = decoded else {
            continue;
        };
        let mut out = [0; MAX_CONTROL_PAYLOAD];
        match close.encode(&mut out) {
            Ok(length) => assert_eq!(&out[..length], data),
            Err(_) => assert!(data.len() > MAX_CONTROL_PAYLOAD),
        }
    }
}

/// Header fields come from Node as one character per byte.
fn latin1(data: &[u8]) -> String {
    data.iter().copied().map(char::from).collect()
}

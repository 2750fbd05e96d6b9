//! What the fuzz targets do with their input, here so that `tests/seeds.rs` can replay the seeds
//! without a fuzzer.
//!
//! The protocol is included by path: it must compile alone, with no crate that does I/O.

#![allow(clippy::duplicate_mod)] // compiled as a test, the protocol brings its tests along

mod compression;
#[allow(dead_code, unused_imports)] // the addon uses the rest
#[path = "../../src/protocol/mod.rs"]
mod protocol;
#[path = "../../src/protocol/tests/reference.rs"]
mod reference;
#[allow(dead_code)] // the unit tests use the rest
#[path = "../../src/protocol/tests/replay.rs"]
mod replay;
#[path = "../../src/protocol/tests/slow_inflate.rs"]
mod slow_inflate;

pub use compression::{deflate, inflate};

use protocol::header::MAX_CONTROL_PAYLOAD;
use protocol::{
    ClosePayload, Connection, Event, Limits, MessageKind, ProtocolError, Role, extension,
    handshake as upgrade, subprotocol,
};

/// Small, so that the fuzzer reaches them.
const LIMITS: Limits = Limits {
    max_payload: 300,
    max_fragments: 5,
    max_buffered_chunks: 0,
    skip_utf8_validation: false,
};

pub fn frame_stream_server(data: &[u8]) {
    frame_stream(Role::Server, data);
}

pub fn frame_stream_client(data: &[u8]) {
    frame_stream(Role::Client, data);
}

/// A stream is decoded as by the slow twin, whole and in pieces, with permessage-deflate and
/// without. The first byte says how long the pieces are.
fn frame_stream(role: Role, data: &[u8]) {
    let Some((length, stream)) = data.split_first() else {
        return;
    };
    let length = usize::from(*length).max(1);
    let expected = reference::decode(role, LIMITS, false, stream);
    for length in [stream.len().max(1), 1, length] {
        let reads = stream.chunks(length);
        assert_eq!(replay::replay(role, LIMITS, reads), expected);
    }
    let expected = reference::decode(role, LIMITS, true, stream);
    for length in [stream.len().max(1), 1, length] {
        let reads = stream.chunks(length);
        assert_eq!(replay::replay_compressed(role, LIMITS, reads), expected);
    }
    // No assertion but that it ends without a panic: which read is one too many depends on the cut.
    let limits = Limits {
        max_buffered_chunks: 2,
        ..LIMITS
    };
    replay::replay(role, limits, stream.chunks(1));
}

/// The fields of a request, one a line.
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
    match upgrade::check(request) {
        Ok(_) => {
            let key = request.key.expect("a request without a key is refused");
            assert_eq!(key.len(), 24);
            assert_eq!(upgrade::accept_key(key).len(), 28);
        }
        Err(rejection) => assert!(matches!(rejection.status(), 400 | 405)),
    }
}

/// What is parsed is formatted to something that is parsed to the same.
pub fn headers(data: &[u8]) {
    let header = latin1(data);
    if let Ok(offers) = extension::parse(&header) {
        let formatted = extension::format(&offers);
        assert_eq!(extension::parse(&formatted), Ok(offers));
    }
    if let Ok(protocols) = subprotocol::parse(&header) {
        assert!(!protocols.is_empty());
        assert_eq!(subprotocol::parse(&protocols.join(", ")), Ok(protocols));
    }
}

/// What is decoded is encoded to the same bytes.
pub fn close_payload(data: &[u8]) {
    for skip_utf8_validation in [false, true] {
        let Ok(close) = ClosePayload::decode(data, skip_utf8_validation) else {
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

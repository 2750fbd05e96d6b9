//! Something panics while a connection is served.

use std::io::{Read, Write};

use super::*;
use crate::engine::SCALE;
use crate::protocol::ProtocolError;

/// A close frame with 1011, RFC 6455 §7.4.1.
const INTERNAL_ERROR: [u8; 4] = [0x88, 0x02, 0x03, 0xf3];

fn kinds(seen: &[Record], token: Token) -> Vec<u8> {
    let own = seen.iter().filter(|record| record.slot == token.slot);
    own.map(|record| record.kind).collect()
}

#[test]
#[cfg_attr(miri, ignore = "Miri does not tell of an end that has come with data")]
fn while_one_connection_is_read_it_alone_fails_behind_what_was_decoded_before() {
    let mut bench = Bench::new();
    let (broken, mut broken_peer) = bench.connect(&[]);
    let (whole, mut whole_peer) = bench.connect(&[]);
    bench.larges.panics = true;
    let mut bytes = frame(0x81, b"before");
    bytes.extend(frame(0x82, &pattern(100_000)));
    broken_peer.write_all(&bytes).expect("written");
    whole_peer
        .write_all(&frame(0x81, b"still here"))
        .expect("written");
    let seen = bench.settle();
    assert!(seen.contains(&text(whole.slot, b"still here")));
    assert!(seen.contains(&text(broken.slot, b"before")));
    let expected = [Kind::Text as u8, Kind::Error as u8];
    assert_eq!(kinds(&seen, broken), expected);
    assert_eq!(bench.reactor.error(broken), Some(ProtocolError::Internal));
    // What JavaScript answers leaves as always, and the peer's end ends it.
    let records = [broken.slot as i32, broken.tag(0x88), 0, 2];
    bench.flush(&records, &INTERNAL_ERROR[2..]);
    let mut received = [0; 4];
    broken_peer.read_exact(&mut received).expect("read");
    assert_eq!(received, INTERNAL_ERROR);
    broken_peer
        .write_all(&frame(0x81, b"late"))
        .expect("written");
    bench.flush(&[broken.slot as i32, broken.tag(0x04), 0, 0], &[]);
    drop(broken_peer);
    let expected = [Kind::Ended as u8, Kind::Closed as u8];
    assert_eq!(kinds(&bench.settle(), broken), expected);
}

#[test]
fn while_a_chunk_of_a_stream_is_decoded_that_stream_alone_fails() {
    let mut bench = Bench::new();
    let (broken, sound) = (bench.add_stream(), bench.add_stream());
    let half = 100_000 / SCALE;
    let large = frame(0x82, &pattern(2 * half));
    let whole = frame(0x81, b"whole");
    bench.larges.panics = true;
    let (first, second) = large[..half].split_at(half / 2);
    let chunks = [(broken, first), (broken, second), (sound, &whole[..])];
    assert_eq!(bench.take_intake(&chunks), 1);
    assert_eq!(kinds(&bench.settle(), broken), [Kind::Error as u8]);
}

#[test]
#[cfg_attr(miri, ignore = "Miri does not tell of an end that has come with data")]
fn while_javascript_writes_the_close_frame_is_the_last_that_leaves() {
    let mut bench = Bench::new();
    let (token, mut peer) = bench.connect(&[]);
    bench.reactor.fail_writing(token);
    bench.flush(&[token.slot as i32, token.tag(0x81), 0, 5], b"after");
    assert_eq!(kinds(&bench.settle(), token), [Kind::Error as u8]);
    let mut received = Vec::new();
    peer.read_to_end(&mut received).expect("read");
    assert_eq!(received, INTERNAL_ERROR);
    drop(peer);
    let expected = [Kind::Ended as u8, Kind::Closed as u8];
    assert_eq!(kinds(&bench.settle(), token), expected);
}

#[test]
fn the_second_panic_of_a_connection_closes_it() {
    let mut bench = Bench::new();
    let (token, _peer) = bench.connect(&[]);
    bench.reactor.fail_writing(token);
    bench.reactor.fail_writing(token);
    let expected = [Kind::Error as u8, Kind::Closed as u8];
    assert_eq!(kinds(&bench.settle(), token), expected);
}

#[test]
fn a_client_masks_the_close_frame() {
    let mut bench = Bench::new();
    let settings = Settings {
        deflate: None,
        role: Role::Client,
        limits: Limits::default(),
    };
    let (token, mut peer) = bench.connect_with(settings, &[]);
    bench.reactor.fail_writing(token);
    let mut received = [0; 8];
    peer.read_exact(&mut received).expect("read");
    let [first, second, key @ .., high, low] = received;
    assert_eq!([first, second], [0x88, 0x82]);
    assert_eq!([high ^ key[0], low ^ key[1]], [0x03, 0xf3]);
}

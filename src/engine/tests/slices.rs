//! A flush that is carried out for some connections at a time.

use std::io::Read;

use super::Bench;
use crate::engine::outbox::Outbox;
use crate::engine::token::Token;

/// A whole text frame (RFC 6455 §5.2).
const TEXT: u8 = 0x81;
/// Forgets a closed connection.
const RELEASE: u8 = 0x5;

fn record(token: Token, operation: u8, offset: usize, length: usize) -> [i32; 4] {
    [
        token.slot as i32,
        token.tag(operation),
        offset as i32,
        length as i32,
    ]
}

/// What has arrived at a peer.
fn received(peer: &mut impl Read) -> Vec<u8> {
    let mut bytes = [0; 64];
    let count = peer.read(&mut bytes).unwrap_or(0);
    bytes[..count].to_vec()
}

#[test]
fn what_is_added_between_two_slices_leaves_behind_what_was_there() {
    let mut bench = Bench::new();
    let (tokens, mut peers): (Vec<_>, Vec<_>) = (0..3).map(|_| bench.connect(b"")).unzip();
    for peer in &peers {
        peer.set_nonblocking(true).expect("set");
    }
    let arena = b"abxy";
    let mut records: Vec<i32> = tokens
        .iter()
        .flat_map(|&token| record(token, TEXT, 0, 1))
        .collect();
    let first = Outbox::new(&records, arena);
    assert!(bench.reactor.flush(first, &mut bench.larges, 2).is_none());
    assert_eq!(received(&mut peers[0]), [0x81, 0x01, b'a']);
    assert_eq!(received(&mut peers[1]), [0x81, 0x01, b'a']);
    assert_eq!(received(&mut peers[2]), []);

    // More for one that was served, and for one that was not.
    records.extend(record(tokens[0], TEXT, 1, 1));
    records.extend(record(tokens[2], TEXT, 2, 2));
    let second = Outbox::new(&records, arena);
    assert!(bench.reactor.flush(second, &mut bench.larges, 1).is_none());
    assert_eq!(received(&mut peers[0]), []);
    // By one system call.
    assert_eq!(
        received(&mut peers[2]),
        [0x81, 0x01, b'a', 0x81, 0x02, b'x', b'y']
    );
    let third = Outbox::new(&records, arena);
    assert!(bench.reactor.flush(third, &mut bench.larges, 1).is_some());
    assert_eq!(received(&mut peers[0]), [0x81, 0x01, b'b']);

    // The next one begins with nothing.
    bench.flush(&record(tokens[1], TEXT, 3, 1), arena);
    assert_eq!(received(&mut peers[1]), [0x81, 0x01, b'y']);
    assert_eq!(received(&mut peers[0]), []);
    assert_eq!(received(&mut peers[2]), []);
}

#[test]
fn the_next_user_of_a_slot_gets_nothing_of_what_waited_for_the_last() {
    let mut bench = Bench::new();
    let (one, _first) = bench.connect(b"");
    let (old, gone) = bench.connect(b"");
    let mut records: Vec<i32> = [one, old]
        .iter()
        .flat_map(|&token| record(token, TEXT, 0, 3))
        .collect();
    let slice = Outbox::new(&records, b"oldnew");
    assert!(bench.reactor.flush(slice, &mut bench.larges, 1).is_none());

    bench.reactor.destroy(old, false);
    bench.settle();
    records.extend(record(old, RELEASE, 0, 0));
    let release = Outbox::new(&records, b"oldnew");
    assert!(bench.reactor.flush(release, &mut bench.larges, 0).is_none());
    drop(gone);
    let (new, mut peer) = bench.connect(b"");
    assert_eq!(new.slot, old.slot);
    peer.set_nonblocking(true).expect("set");

    records.extend(record(new, TEXT, 3, 3));
    let rest = Outbox::new(&records, b"oldnew");
    assert!(
        bench
            .reactor
            .flush(rest, &mut bench.larges, usize::MAX)
            .is_some()
    );
    assert_eq!(received(&mut peer), [0x81, 0x03, b'n', b'e', b'w']);
}

//! A connection whose events come alone is read without asking epoll.

use std::io::{Read, Write};

use super::{Bench, Kind, Peer, frame, pattern, text};
use crate::engine::guess::ENOUGH;
use crate::engine::token::Token;

/// Two connections, of which the first one's events have come alone for a while.
fn one_that_is_busy() -> (Bench, (Token, Peer), (Token, Peer)) {
    let mut bench = Bench::new();
    let (busy, mut peer) = bench.connect(&[]);
    let other = bench.connect(&[]);
    assert_eq!(bench.turn(), []);
    for _ in 0..ENOUGH {
        say(&mut peer);
        assert_eq!(bench.turn(), [text(busy.slot, b"again")]);
    }
    (bench, (busy, peer), other)
}

fn say(peer: &mut Peer) {
    peer.write_all(&frame(0x81, b"again")).expect("written");
}

#[test]
fn while_one_is_busy_another_waits_for_the_next_millisecond_at_most() {
    let (mut bench, (busy, mut peer), (other, mut others_peer)) = one_that_is_busy();
    others_peer
        .write_all(&frame(0x81, b"me, too"))
        .expect("written");
    for _ in 0..50 {
        say(&mut peer);
        assert_eq!(bench.turn(), [text(busy.slot, b"again")]);
    }
    say(&mut peer);
    bench.reactor.set_now(1);
    let mut seen = bench.turn();
    seen.sort_by_key(|record| record.slot);
    assert_eq!(
        seen,
        [text(busy.slot, b"again"), text(other.slot, b"me, too")]
    );
}

#[test]
fn after_a_wrong_guess_the_next_turn_has_what_another_brought() {
    let (mut bench, (busy, mut peer), (other, mut others_peer)) = one_that_is_busy();
    for _ in 0..3 {
        say(&mut others_peer);
        assert_eq!(bench.turn(), []);
        assert_eq!(bench.turn(), [text(other.slot, b"again")]);
        for _ in 0..ENOUGH {
            say(&mut peer);
            assert_eq!(bench.turn(), [text(busy.slot, b"again")]);
        }
    }
}

#[test]
fn the_end_of_one_that_is_expected_to_go_on_is_seen() {
    let (mut bench, (_, peer), (other, mut others_peer)) = one_that_is_busy();
    drop(peer);
    let seen = bench.turn();
    assert_eq!(
        seen.iter().map(|record| record.kind).collect::<Vec<u8>>(),
        [Kind::Ended as u8]
    );
    // Its edge is still to be told.
    assert_eq!(bench.turn(), []);
    say(&mut others_peer);
    assert_eq!(bench.turn(), [text(other.slot, b"again")]);
}

#[test]
fn who_takes_the_slot_of_one_that_was_busy_is_not_taken_for_it() {
    let (mut bench, (busy, peer), (other, mut others_peer)) = one_that_is_busy();
    bench.reactor.destroy(busy, false);
    bench.flush(&[busy.slot as i32, busy.tag(0x5), 0, 0], &[]);
    let (new, mut news_peer) = bench.connect(&[]);
    assert_eq!(new.slot, busy.slot);
    for _ in 0..3 {
        say(&mut news_peer);
        assert_eq!(bench.turn(), [text(new.slot, b"again")]);
        say(&mut others_peer);
        assert_eq!(bench.turn(), [text(other.slot, b"again")]);
    }
    drop(peer);
}

#[test]
#[cfg_attr(miri, ignore = "the kernel refuses less: it is TCP there")]
fn what_is_refused_of_one_that_was_busy_follows_and_it_goes_on() {
    let (mut bench, (busy, mut peer), _other) = one_that_is_busy();
    let payload = pattern(3_000_000);
    // BINARY | FIN.
    let record = [busy.slot as i32, busy.tag(0x82), 0, payload.len() as i32];
    for _ in 0..2 {
        for _ in 0..ENOUGH + 1 {
            say(&mut peer);
            assert_eq!(bench.turn(), [text(busy.slot, b"again")]);
        }
        bench.flush(&record, &payload);
        assert!(bench.reactor.queued(busy) > 0);
        let mut reader = peer.try_clone().expect("a duplicate");
        let reading = std::thread::spawn(move || {
            let mut received = vec![0; 3_000_010];
            reader.read_exact(&mut received).expect("read");
            received
        });
        while bench.reactor.queued(busy) > 0 {
            bench.turn();
        }
        let received = reading.join().expect("joined");
        assert_eq!(received[..10], [0x82, 127, 0, 0, 0, 0, 0, 0x2d, 0xc6, 0xc0]);
        assert!(received[10..] == payload);
        // Of the writable socket, and of the queue that is empty.
        bench.settle();
    }
}

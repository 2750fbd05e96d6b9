//! A connection whose events come alone is read without asking epoll.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll};
use socket2::SockRef;

use super::{Bench, Kind, Peer, frame, pattern, text};
use crate::engine::connection::Settings;
use crate::engine::guess::ENOUGH;
use crate::engine::token::Token;
use crate::protocol::{Limits, Role};

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

fn say(peer: &mut impl Write) {
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

/// Whether a turn is due, or soon will be.
fn is_due(bench: &Bench) -> bool {
    let mut poll = Poll::new().expect("an epoll instance");
    poll.registry()
        .register(
            &mut SourceFd(&bench.descriptor),
            mio::Token(0),
            Interest::READABLE,
        )
        .expect("registered");
    let mut events = Events::with_capacity(1);
    poll.poll(&mut events, Some(Duration::from_secs(10)))
        .expect("polled");
    !events.is_empty()
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no urgent data")]
fn what_follows_an_urgent_mark_of_one_that_was_busy_is_read() {
    let mut bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut peer =
        TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
    peer.set_nodelay(true).expect("set");
    let settings = Settings {
        deflate: None,
        role: Role::Server,
        limits: Limits::default(),
    };
    let busy = bench.adopt(listener.accept().expect("accepted").0, settings, &[]);
    assert!(is_due(&bench));
    assert_eq!(bench.turn(), []);
    let whole = frame(0x81, b"again");
    for round in 0..3 * ENOUGH {
        // Each byte may be behind the mark, or before it.
        let (start, end) = whole.split_at(round as usize % whole.len());
        peer.write_all(start).expect("written");
        if round > 2 * ENOUGH {
            SockRef::from(&peer)
                .send_out_of_band(b"!")
                .expect("written");
        }
        peer.write_all(end).expect("written");
        let mut seen = Vec::new();
        while seen.is_empty() {
            assert!(is_due(&bench), "nothing more comes in round {round}");
            seen = bench.turn();
        }
        assert_eq!(seen, [text(busy.slot, b"again")]);
    }
}

//! Sockets that were taken over: what they bring, and what is written to them.

use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};

use super::{Bench, Kind, Record, frame, pair, pattern, text};
use crate::engine::message::SMALL_MESSAGE;
use crate::engine::{SCALE, adopt};

/// The largest message that is received.
const LARGEST: usize = 3_000_000 / SCALE;

/// A fragment of which 64 are a large message.
const FRAGMENT: usize = 15_625 / SCALE;

#[test]
fn what_came_before_the_adoption_comes_first() {
    let mut bench = Bench::new();
    let whole = frame(0x81, b"one");
    let (token, mut peer) = bench.connect(&whole[..5]);
    peer.write_all(&whole[5..]).expect("written");
    peer.write_all(&frame(0x81, b"two")).expect("written");
    assert_eq!(
        bench.settle(),
        [text(token.slot, b"one"), text(token.slot, b"two")]
    );
}

#[test]
fn a_head_of_many_frames_is_delivered_whole_over_several_batches() {
    let mut bench = Bench::new();
    let messages: Vec<Vec<u8>> = (0..if cfg!(miri) { 1500 } else { 5000 })
        .map(|i| format!("message {i}").into_bytes())
        .collect();
    let head: Vec<u8> = messages
        .iter()
        .flat_map(|message| frame(0x81, message))
        .collect();
    let (token, _peer) = bench.connect(&head);
    let expected: Vec<Record> = messages
        .iter()
        .map(|message| text(token.slot, message))
        .collect();
    assert!(bench.settle() == expected);
}

#[test]
fn messages_of_every_size_arrive_whole_and_no_claim_reserves_memory() {
    for length in [
        0,
        1,
        125,
        126,
        4096 / SCALE,
        SMALL_MESSAGE - 1,
        SMALL_MESSAGE,
        SMALL_MESSAGE + 1,
        200_000 / SCALE,
        LARGEST,
    ] {
        let mut bench = Bench::new();
        let (token, mut peer) = bench.connect(&[]);
        let payload = pattern(length);
        let sent = frame(0x82, &payload);
        let writer = std::thread::spawn(move || {
            peer.write_all(&sent).expect("written");
            peer
        });
        let mut seen = Vec::new();
        while seen.is_empty() {
            seen = bench.turn();
            assert!(
                bench.larges.largest <= length,
                "{length}: {}",
                bench.larges.largest
            );
        }
        let kind = if length < SMALL_MESSAGE {
            Kind::Binary
        } else {
            Kind::LargeBinary
        };
        // A large message that fits the first read may still be delivered from the arena.
        assert!(seen[0].kind == kind as u8 || seen[0].kind == Kind::Binary as u8);
        assert!(
            seen.len() == 1 && seen[0].slot == token.slot && seen[0].payload == payload,
            "{length}"
        );
        drop(writer.join());
    }
}

#[test]
fn a_message_of_a_mebibyte_is_received_into_one_buffer() {
    for before in [0, 1, 50_000 / SCALE] {
        let mut bench = Bench::new();
        let (token, mut peer) = bench.connect(&[]);
        let payload = pattern(1024 * 1024 / SCALE);
        let mut sent = frame(0x82, &payload[..before]);
        sent.extend(frame(0x82, &payload));
        let writer = std::thread::spawn(move || {
            peer.write_all(&sent).expect("written");
            peer
        });
        let mut seen = Vec::new();
        while seen.len() < 2 {
            seen.extend(bench.turn());
        }
        assert!(seen[1].slot == token.slot && seen[1].payload == payload);
        assert_eq!(bench.larges.made, 1);
        drop(writer.join());
    }
}

#[test]
fn a_claim_reserves_sixteen_times_what_has_come_at_most() {
    let mut bench = Bench::new();
    let (_token, mut peer) = bench.connect(&[]);
    // 100 MiB, masked with zeros.
    let mut sent = b"\x82\xff\0\0\0\0\x06\x40\0\0\0\0\0\0".to_vec();
    peer.write_all(&sent).expect("written");
    for _ in 0..40 {
        let piece = vec![0; 5000 / SCALE];
        peer.write_all(&piece).expect("written");
        sent.extend(piece);
        assert!(bench.settle().is_empty());
        assert!(
            bench.larges.largest <= 16 * sent.len(),
            "{} for {}",
            bench.larges.largest,
            sent.len()
        );
    }
    assert!(bench.larges.made > 0);
}

#[test]
fn a_fragmented_large_message_arrives_whole_in_a_buffer_of_about_its_size() {
    let mut bench = Bench::new();
    let (token, mut peer) = bench.connect(&[]);
    let payload = pattern(64 * FRAGMENT);
    let mut sent = Vec::new();
    for (index, piece) in payload.chunks(FRAGMENT).enumerate() {
        let first = if index == 0 { 0x02 } else { 0x00 } | if index == 63 { 0x80 } else { 0 };
        sent.extend(frame(first, piece));
    }
    let writer = std::thread::spawn(move || {
        peer.write_all(&sent).expect("written");
        peer
    });
    let mut seen = Vec::new();
    while seen.is_empty() {
        seen = bench.turn();
    }
    let ends: Vec<u8> = (1..=64)
        .flat_map(|n| (n * FRAGMENT as u32).to_le_bytes())
        .collect();
    assert_eq!(
        (seen[0].kind, &seen[0].payload),
        (Kind::Fragments as u8, &ends)
    );
    assert!(seen.len() == 2 && seen[1].slot == token.slot && seen[1].payload == payload);
    assert!(bench.larges.largest <= 8 * payload.len());
    drop(writer.join());
}

#[test]
#[cfg_attr(miri, ignore = "Miri does not tell of an end that has come with data")]
fn data_and_fin_at_once_are_both_seen() {
    let mut bench = Bench::new();
    let (token, mut peer) = bench.connect(&[]);
    peer.write_all(&frame(0x81, b"last words"))
        .expect("written");
    drop(peer);
    let seen = bench.settle();
    assert_eq!(seen[0], text(token.slot, b"last words"));
    assert_eq!(seen[1].kind, Kind::Ended as u8);
}

#[test]
fn a_record_for_an_earlier_generation_reaches_nobody() {
    let mut bench = Bench::new();
    let (old, old_peer) = bench.connect(&[]);
    bench.reactor.destroy(old, false);
    assert_eq!(bench.settle()[0].kind, Kind::Closed as u8);
    bench.flush(&[old.slot as i32, old.tag(0x5), 0, 0], &[]);
    let (new, mut peer) = bench.connect(&[]);
    assert_eq!(new.slot, old.slot);
    bench.flush(
        &[
            old.slot as i32,
            old.tag(0x81),
            0,
            3,
            new.slot as i32,
            new.tag(0x81),
            3,
            3,
        ],
        b"oldnew",
    );
    bench.reactor.destroy(old, false);
    let mut received = [0; 5];
    peer.read_exact(&mut received).expect("read");
    assert_eq!(received, *b"\x81\x03new");
    drop(old_peer);
}

#[test]
#[cfg_attr(miri, ignore = "the kernel refuses less: it is TCP there")]
fn what_the_kernel_refuses_follows_in_order_and_is_told_when_it_is_written() {
    let mut bench = Bench::new();
    let (token, mut peer) = bench.connect(&[]);
    let payload = pattern(300_000);
    // Operation: BINARY | FIN | NOTIFY.
    let record = [token.slot as i32, token.tag(0xc2), 0, payload.len() as i32];
    for _ in 0..8 {
        bench.flush(&record, &payload);
    }
    assert!(bench.reactor.queued(token) > 0);
    let reader = std::thread::spawn(move || {
        let mut received = vec![0; 8 * (300_000 + 10)];
        peer.read_exact(&mut received).expect("read");
        received
    });
    let mut drained = 0;
    while drained == 0 {
        drained = bench
            .turn()
            .iter()
            .filter(|record| record.kind == Kind::Drained as u8)
            .count();
    }
    let received = reader.join().expect("joined");
    for frame in received.chunks(300_010) {
        assert_eq!(frame[..10], [0x82, 127, 0, 0, 0, 0, 0, 4, 0x93, 0xe0]);
        assert!(frame[10..] == payload);
    }
    assert_eq!(bench.reactor.queued(token), 0);
}

#[test]
fn a_duplicate_is_taken_and_what_is_no_stream_socket_is_not() {
    let (ours, _theirs) = pair().expect("a socket pair");
    let socket = adopt(ours.as_raw_fd()).expect("adopted");
    assert_ne!(socket.as_raw_fd(), ours.as_raw_fd());
    assert!(adopt(-1).is_err());
    let (reader, _writer) = std::io::pipe().expect("a pipe");
    let reader: OwnedFd = reader.into();
    assert!(adopt(reader.as_raw_fd()).is_err());
}

//! What arrives compressed: in its order, here or on another thread.

use std::io::Write;

use super::deflated::*;
use super::{Kind, frame};
use crate::engine::SCALE;
use crate::engine::jobs::Outcome;
use crate::protocol::ProtocolError;

/// More than is decompressed on JavaScript's thread, and than a batch holds.
const LARGE: usize = 1_000_000 / SCALE;

#[test]
fn what_follows_a_large_message_waits_for_it() {
    for takeover in [false, true] {
        let mut pooled = Pooled::new();
        let (token, mut peer) = pooled.connect(settings(takeover, 0));
        let (large, small) = (letters(LARGE, 1), letters(500, 1));
        let mut bytes = frames(&[&small, &large, &small, &large, &small], takeover);
        bytes.extend(frame(0x89, b"ping"));
        let writer = std::thread::spawn(move || {
            peer.write_all(&bytes).expect("written");
            peer
        });
        let mut messages: Vec<Vec<u8>> = Vec::new();
        let mut seen = Vec::new();
        while kinds(&seen, token).last() != Some(&(Kind::Ping as u8)) {
            for record in pooled.bench.settle() {
                if record.kind == Kind::Binary as u8 || record.kind == Kind::LargeBinary as u8 {
                    messages.push(record.payload.clone());
                }
                seen.push(record);
            }
        }
        let expected = [&small, &large, &small, &large, &small];
        assert!(messages.iter().eq(expected));
        drop(writer.join());
    }
}

#[test]
fn a_message_on_another_thread_holds_up_its_connection_alone() {
    let held = hold_jobs();
    let mut pooled = Pooled::new();
    pooled.bench.collects = false;
    let (busy, mut one) = pooled.connect(settings(false, 0));
    let (other, mut two) = pooled.connect(settings(false, 0));
    let zeros = vec![0; LARGE];
    one.write_all(&frames(&[&zeros, b"behind"], false))
        .expect("written");
    let seen = pooled.bench.settle();
    assert_eq!(kinds(&seen, busy), []);
    assert!(
        pooled
            .bench
            .reactor
            .get(busy)
            .expect("open")
            .flags
            .inflating
    );
    two.write_all(&frames(&[b"at once"], false))
        .expect("written");
    assert_eq!(kinds(&pooled.bench.settle(), other), [Kind::Binary as u8]);
    drop(held);
    let seen = pooled.finish(1);
    let expected = [Kind::LargeBinary as u8, Kind::Binary as u8];
    assert_eq!(kinds(&seen, busy), expected);
    assert!(seen[0].payload == zeros && seen[1].payload == b"behind");
}

#[test]
fn what_arrives_meanwhile_stays_with_the_kernel() {
    let held = hold_jobs();
    let mut pooled = Pooled::new();
    pooled.bench.collects = false;
    let (token, mut peer) = pooled.connect(settings(false, 0));
    let bytes = frames(&[&vec![0; LARGE]], false);
    peer.write_all(&bytes).expect("written");
    pooled.bench.settle();
    let read = pooled.bench.reactor.counters(token).expect("open")[0];
    let behind = frame(0x82, &noise(50_000 / SCALE, 1));
    peer.write_all(&behind).expect("written");
    pooled.bench.settle();
    assert_eq!(
        pooled.bench.reactor.counters(token).expect("open")[0],
        read,
        "nothing more is read"
    );
    drop(held);
    let seen = pooled.finish(1);
    assert_eq!(seen.len(), 2);
    let read = pooled.bench.reactor.counters(token).expect("open")[0];
    assert_eq!(read, (bytes.len() + behind.len()) as u64);
}

#[test]
fn a_stream_is_told_to_bring_nothing_meanwhile() {
    let held = hold_jobs();
    let mut pooled = Pooled::new();
    let token = pooled.bench.reactor.add_stream(settings(false, 0));
    let zeros = vec![0; LARGE];
    pooled.bench.reactor.push(token, &frames(&[&zeros], false));
    let seen = pooled.bench.settle();
    assert_eq!(kinds(&seen, token), [Kind::Congested as u8]);
    // What is under way nevertheless waits.
    pooled
        .bench
        .reactor
        .push(token, &frames(&[b"behind"], false));
    pooled.bench.reactor.end_stream(token);
    assert_eq!(kinds(&pooled.bench.settle(), token), []);
    drop(held);
    let seen = pooled.finish(1);
    assert_eq!(
        kinds(&seen, token),
        [
            Kind::Uncongested,
            Kind::LargeBinary,
            Kind::Binary,
            Kind::Ended
        ]
        .map(|kind| kind as u8)
    );
}

#[test]
fn complete_messages_are_delivered_after_the_connection_was_destroyed() {
    let mut pooled = Pooled::new();
    let (token, mut peer) = pooled.connect(settings(false, 0));
    let zeros = vec![0; LARGE];
    let mut bytes = frames(&[&zeros, b"behind", &zeros], false);
    bytes.extend(&frame(0x82, b"cut off")[..5]);
    peer.write_all(&bytes).expect("written");
    pooled.bench.settle();
    assert!(pooled.bench.reactor.destroy(token, false));
    let mut seen = pooled.finish(1);
    // The last one is on another thread, too.
    seen.extend(pooled.finish(1));
    let expected = [
        Kind::LargeBinary,
        Kind::Binary,
        Kind::LargeBinary,
        Kind::Closed,
    ];
    assert_eq!(kinds(&seen, token), expected.map(|kind| kind as u8));
    let connection = pooled.bench.reactor.get(token).expect("not released");
    assert!(connection.deflation.is_none());
}

#[test]
fn messages_that_wait_for_their_turn_are_delivered_after_the_connection_was_destroyed() {
    let mut pooled = Pooled::new();
    let (token, mut peer) = pooled.connect(settings(false, 0));
    let zeros = vec![0; 2 * LARGE];
    let mut bytes = frames(&[&zeros, b"behind", b"last"], false);
    bytes.extend(&frame(0x82, b"cut off")[..5]);
    peer.write_all(&bytes).expect("written");
    pooled.bench.settle();
    pooled.wait();
    // So much was decompressed that the others have to wait for the next turn.
    let seen = pooled.bench.turn();
    assert_eq!(kinds(&seen, token), [Kind::LargeBinary as u8]);
    assert!(pooled.bench.reactor.destroy(token, false));
    let expected = [Kind::Binary, Kind::Binary, Kind::Closed];
    let seen = pooled.bench.settle();
    assert_eq!(kinds(&seen, token), expected.map(|kind| kind as u8));
}

#[test]
#[cfg_attr(miri, ignore = "Miri does not tell of an end that has come with data")]
fn data_and_fin_at_once_are_both_seen_behind_a_large_message() {
    let mut pooled = Pooled::new();
    let (token, mut peer) = pooled.connect(settings(false, 0));
    let zeros = vec![0; LARGE];
    peer.write_all(&frames(&[&zeros, b"behind"], false))
        .expect("written");
    drop(peer);
    assert_eq!(kinds(&pooled.bench.settle(), token), []);
    let seen = pooled.finish(1);
    let expected = [Kind::LargeBinary, Kind::Binary, Kind::Ended];
    assert_eq!(kinds(&seen, token), expected.map(|kind| kind as u8));
}

#[test]
fn a_paused_connection_goes_on_when_it_is_resumed() {
    let mut pooled = Pooled::new();
    let (token, mut peer) = pooled.connect(settings(false, 0));
    let zeros = vec![0; LARGE];
    peer.write_all(&frames(&[&zeros, b"behind"], false))
        .expect("written");
    pooled.bench.settle();
    pooled.bench.reactor.set_paused(token, true);
    // What was being decompressed is delivered, as in ws.
    let seen = pooled.finish(1);
    assert_eq!(kinds(&seen, token), [Kind::LargeBinary as u8]);
    pooled.bench.reactor.set_paused(token, false);
    let seen = pooled.bench.settle();
    assert_eq!(kinds(&seen, token), [Kind::Binary as u8]);
}

#[test]
fn damage_that_is_found_on_another_thread_is_one_error_and_nothing_follows() {
    let mut pooled = Pooled::new();
    let (token, mut peer) = pooled.connect(settings(false, 0));
    let mut payload = deflate(&[], &vec![0; LARGE]);
    // A block of the type that is reserved, RFC 1951 §3.2.3.
    payload.push(0x07);
    let mut bytes = frame(0xc2, &payload);
    bytes.extend(frames(&[b"behind"], false));
    peer.write_all(&bytes).expect("written");
    pooled.bench.settle();
    assert_eq!(kinds(&pooled.finish(1), token), [Kind::Error as u8]);
    let Some(ProtocolError::InvalidCompression(_)) = error(&pooled.bench, token) else {
        panic!("{:?}", error(&pooled.bench, token));
    };
}

#[test]
fn a_connection_whose_job_is_lost_fails_and_no_other() {
    let mut pooled = Pooled::new();
    let (broken, _one) = pooled.connect(settings(false, 0));
    let (whole, mut two) = pooled.connect(settings(false, 0));
    let reactor = &mut pooled.bench.reactor;
    drop(
        reactor
            .codecs
            .completions
            .ticket(Outcome::InflateBroken(broken)),
    );
    two.write_all(&frames(&[b"still here"], false))
        .expect("written");
    let seen = pooled.finish(1);
    assert_eq!(kinds(&seen, whole), [Kind::Binary as u8]);
    assert_eq!(kinds(&seen, broken), [Kind::Error as u8]);
    assert_eq!(error(&pooled.bench, broken), Some(ProtocolError::Internal));
}

#[test]
fn what_was_decompressed_for_a_closed_connection_reaches_nobody() {
    let mut pooled = Pooled::new();
    let (old, mut peer) = pooled.connect(settings(false, 0));
    peer.write_all(&frames(&[&vec![0; LARGE]], false))
        .expect("written");
    pooled.bench.settle();
    pooled.bench.reactor.destroy(old, false);
    // JavaScript does not wait.
    pooled.send(&[old], 0x05, b"");
    let (new, mut peer) = pooled.connect(settings(false, 0));
    assert_eq!(new.slot, old.slot);
    peer.write_all(&frames(&[b"new"], false)).expect("written");
    let seen = pooled.finish(1);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].payload, b"new");
}

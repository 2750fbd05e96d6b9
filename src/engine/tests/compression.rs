//! What leaves compressed: once for all, in its order, and what is kept for the next.

use std::io::Read;

use super::deflated::*;
use super::{Kind, Record};
use crate::engine::SCALE;
use crate::engine::deflation::MOST_WARM;
use crate::engine::outbox::Command;
use crate::engine::token::Token;

/// More than is compressed on JavaScript's thread.
const LARGE: usize = 40_000 / SCALE;
/// Less than that.
const SMALL: usize = 5000 / SCALE;

const PING: u8 = 0x89;
const END: u8 = 0x04;
const NOTIFY: u8 = 0x40;

#[test]
fn a_small_message_to_many_is_compressed_once() {
    let mut pooled = Pooled::new();
    let mut peers: Vec<_> = (0..4).map(|_| pooled.connect(settings(false, 0))).collect();
    let tokens: Vec<Token> = peers.iter().map(|(token, _)| *token).collect();
    let message = letters(2000, 1);
    pooled.send(&tokens[..1], TEXT, &message);
    let codecs = &mut pooled.bench.reactor.codecs;
    assert!(codecs.recall(compression(), &message));
    // Whoever compresses the message again does not come to this.
    codecs.remember(compression(), &message, b"as before");
    pooled.send(&tokens[1..3], TEXT, &message);
    let command = Command::from_byte(BINARY).expect("a command");
    let copy = message.clone();
    pooled.bench.reactor.write_now(tokens[3], command, &copy);
    let frames: Vec<_> = peers.iter_mut().map(|(_, peer)| read_frame(peer)).collect();
    assert_eq!((frames[0].0, inflate(&[], &frames[0].1)), (0xc1, message));
    assert_eq!(frames[1], (0xc1, b"as before".to_vec()));
    assert_eq!(frames[2], (0xc1, b"as before".to_vec()));
    assert_eq!(frames[3], (0xc2, b"as before".to_vec()));
}

#[test]
fn another_message_and_a_context_of_its_own_are_compressed_anew() {
    let mut pooled = Pooled::new();
    let (forgetful, mut one) = pooled.connect(settings(false, 0));
    let (keeping, mut other) = pooled.connect(settings(true, 0));
    let message = letters(2000, 1);
    let codecs = &mut pooled.bench.reactor.codecs;
    codecs.remember(compression(), &message, b"as before");
    pooled.send(&[keeping, forgetful], TEXT, &message);
    assert_eq!(inflate(&[], &read_frame(&mut other).1), message);
    assert_eq!(read_frame(&mut one).1, b"as before");
    pooled.send(&[forgetful], TEXT, &message[..1999]);
    assert_eq!(inflate(&[], &read_frame(&mut one).1), message[..1999]);
}

#[test]
fn a_large_message_to_many_is_one_job() {
    let mut pooled = Pooled::new();
    let mut peers: Vec<_> = (0..6).map(|_| pooled.connect(settings(false, 0))).collect();
    let tokens: Vec<Token> = peers.iter().map(|(token, _)| *token).collect();
    let message = letters(LARGE, 1);
    pooled.send(&tokens[..3], TEXT, &message);
    let command = Command::from_byte(TEXT).expect("a command");
    let copy = message.clone();
    pooled.bench.reactor.write_now(tokens[3], command, &copy);
    assert_eq!(pooled.jobs(), 1);
    pooled.finish(1);
    // What it has come to is known, too.
    pooled.send(&tokens[4..], TEXT, &message);
    assert_eq!(pooled.jobs(), 1);
    for (_, peer) in &mut peers {
        let (first, payload) = read_frame(peer);
        assert_eq!(first, 0xc1);
        assert!(inflate(&[], &payload) == message);
    }
}

#[test]
fn a_large_message_is_a_job_for_each_context() {
    let mut pooled = Pooled::new();
    let mut peers: Vec<_> = (0..3).map(|_| pooled.connect(settings(true, 0))).collect();
    let tokens: Vec<Token> = peers.iter().map(|(token, _)| *token).collect();
    let message = letters(LARGE, 1);
    pooled.send(&tokens, TEXT, &message);
    assert_eq!(pooled.jobs(), 3);
    pooled.finish(3);
    // Refers to it.
    pooled.send(&tokens, TEXT, &message[LARGE - 1000..]);
    for (_, peer) in &mut peers {
        assert!(inflate(&[], &read_frame(peer).1) == message);
        let (_, payload) = read_frame(peer);
        assert!(payload.len() < 100, "{}", payload.len());
        assert!(inflate(&message, &payload) == message[LARGE - 1000..]);
    }
}

#[test]
#[cfg_attr(miri, ignore = "Miri does not tell of an end that has come with data")]
fn what_follows_a_large_message_waits_counts_as_queued_and_leaves_in_its_order() {
    for takeover in [false, true] {
        let mut pooled = Pooled::new();
        let (token, mut peer) = pooled.connect(settings(takeover, 0));
        let (large, other) = (letters(LARGE, 1), letters(LARGE, 2));
        let held = hold_jobs();
        pooled.send(&[token], TEXT | NOTIFY, &large);
        pooled.send(&[token], PING | NOTIFY, b"ping");
        pooled.send(&[token], BINARY | NOTIFY, b"small");
        pooled.send(&[token], BINARY | NOTIFY, &other);
        pooled.send(&[token], 0x81 | NOTIFY, b"plain");
        pooled.send(&[token], END, b"");
        let waiting = 2 * LARGE + 4 + 5 + 5;
        assert_eq!(pooled.bench.reactor.queued(token), waiting);
        // None is told of before its turn.
        assert_eq!(pooled.bench.settle(), []);
        drop(held);
        let mut seen = pooled.finish(1);
        seen.extend(pooled.finish(1));
        assert_eq!(pooled.bench.reactor.queued(token), 0);
        let told: usize = seen
            .iter()
            .filter(|record| record.kind == Kind::Written as u8)
            .count();
        assert!(told > 0);
        let mut window = Vec::new();
        for (first, message) in [
            (0xc1, &large[..]),
            (0x89, b"ping"),
            (0xc2, b"small"),
            (0xc2, &other),
            (0x81, b"plain"),
        ] {
            let (bits, payload) = read_frame(&mut peer);
            assert_eq!(bits, first);
            if bits & 0x40 == 0 {
                assert_eq!(payload, message);
                continue;
            }
            assert!(inflate(&window, &payload) == message);
            if takeover {
                window.extend_from_slice(message);
            }
        }
        assert_eq!(peer.read(&mut [0]).expect("the end"), 0);
    }
}

#[test]
fn what_was_compressed_for_a_closed_connection_reaches_nobody() {
    let mut pooled = Pooled::new();
    let (old, _old_peer) = pooled.connect(settings(false, 0));
    let (whole, mut whole_peer) = pooled.connect(settings(false, 0));
    let message = letters(LARGE, 1);
    pooled.send(&[old, whole], TEXT, &message);
    pooled.bench.reactor.destroy(old, false);
    pooled.bench.settle();
    pooled.send(&[old], 0x05, b"");
    let (new, mut new_peer) = pooled.connect(settings(false, 0));
    assert_eq!(new.slot, old.slot);
    pooled.finish(1);
    pooled.send(&[new], 0x81, b"new");
    assert_eq!(read_frame(&mut new_peer), (0x81, b"new".to_vec()));
    assert!(inflate(&[], &read_frame(&mut whole_peer).1) == message);
}

#[test]
fn the_connections_of_a_job_that_is_lost_fail_with_1011_and_no_other() {
    let mut pooled = Pooled::new();
    let (broken, mut broken_peer) = pooled.connect(settings(false, 0));
    let (whole, mut whole_peer) = pooled.connect(settings(false, 0));
    pooled.send(&[broken], TEXT, &letters(LARGE, 1));
    let job = pooled.jobs() - 1;
    pooled.bench.reactor.deflate_failed(job);
    // The other thread knows nothing of it: what it brings is nobody's.
    let seen = pooled.finish(1);
    let failed = |token: Token| {
        let is_its = |record: &&Record| record.slot == token.slot;
        seen.iter()
            .filter(is_its)
            .any(|record| record.kind == Kind::Error as u8)
    };
    assert!(failed(broken) && !failed(whole));
    assert_eq!(read_frame(&mut broken_peer), (0x88, vec![0x03, 0xf3]));
    pooled.send(&[whole], TEXT, &letters(LARGE, 2));
    pooled.finish(1);
    assert_eq!(inflate(&[], &read_frame(&mut whole_peer).1).len(), LARGE);
}

#[test]
fn a_context_is_given_back_after_its_time_and_messages_flow_on() {
    let mut pooled = Pooled::new();
    let (released, mut one) = pooled.connect(settings(true, 1000));
    let (kept, mut other) = pooled.connect(settings(true, 0));
    let message = letters(2000, 1);
    let mut exchange = |now: u64| {
        pooled.bench.reactor.set_now(now);
        pooled.send(&[released, kept], TEXT, &message);
        [read_frame(&mut one).1, read_frame(&mut other).1]
    };
    // The first, one that refers to it, and one by a compressor that is warm.
    exchange(0);
    for now in [10, 20] {
        let payloads = exchange(now);
        assert!(payloads.iter().all(|payload| payload.len() < 100));
    }
    let reactor = &mut pooled.bench.reactor;
    reactor.set_now(1019);
    assert!(reactor.release_codecs());
    assert!(pooled.deflation(released).keeps());
    let reactor = &mut pooled.bench.reactor;
    reactor.set_now(1020);
    assert!(reactor.release_codecs(), "it was used");
    assert_eq!(reactor.codecs.warm, [kept]);
    assert!(!pooled.deflation(released).keeps() && pooled.deflation(kept).keeps());
    // What is kept for ever needs no further look.
    assert!(!pooled.bench.reactor.release_codecs());

    let mut exchange = |now: u64| {
        pooled.bench.reactor.set_now(now);
        pooled.send(&[released, kept], TEXT, &message);
        [read_frame(&mut one).1, read_frame(&mut other).1]
    };
    // It refers to nothing, and to a peer that has forgotten nothing it is the same message.
    let [anew, again] = exchange(1030);
    assert!(again.len() < 100 && anew.len() > 500);
    assert_eq!(inflate(&[], &anew), message);
    assert_eq!(inflate(&message, &anew), message);
    let [again, _] = exchange(1040);
    assert!(again.len() < 100);
    assert_eq!(inflate(&message, &again), message);
}

#[test]
fn a_context_is_not_given_back_within_a_message_nor_while_it_is_in_use() {
    let mut pooled = Pooled::new();
    let (fragments, mut one) = pooled.connect(settings(true, 1000));
    let (large, mut other) = pooled.connect(settings(true, 1000));
    let message = letters(LARGE, 1);
    pooled.send(&[fragments], 0x12, &message[..SMALL]);
    pooled.send(&[large], TEXT, &message);
    pooled.bench.reactor.set_now(1_000_000);
    assert!(pooled.bench.reactor.release_codecs());
    pooled.send(&[fragments], 0x90, &message[..SMALL]);
    pooled.send(&[large], TEXT, &message[LARGE - 1000..]);
    pooled.finish(1);
    let (first, mut payload) = read_frame(&mut one);
    let (last, rest) = read_frame(&mut one);
    assert_eq!((first, last), (0x42, 0x80));
    assert!(rest.len() < 100);
    payload.extend(rest);
    assert!(inflate(&[], &payload) == message[..SMALL].repeat(2));
    assert!(inflate(&[], &read_frame(&mut other).1) == message);
    let (_, payload) = read_frame(&mut other);
    assert!(inflate(&message, &payload) == message[LARGE - 1000..]);
}

#[test]
fn no_more_connections_than_agreed_keep_a_compressor_and_all_go_on() {
    let mut pooled = Pooled::new();
    let count = MOST_WARM + MOST_WARM / 3;
    let mut peers: Vec<_> = (0..count)
        .map(|_| pooled.connect(settings(true, 1000)))
        .collect();
    let tokens: Vec<Token> = peers.iter().map(|(token, _)| *token).collect();
    let warm = |pooled: &Pooled| {
        let is_warm = |token: &&Token| pooled.deflation(**token).deflater.is_some();
        tokens.iter().filter(is_warm).count()
    };
    let mut sent = Vec::new();
    for round in 0..if cfg!(miri) { 2 } else { 4 } {
        let message = letters(1500, 1 + round);
        pooled.send(&tokens, TEXT, &message);
        for (_, peer) in &mut peers {
            assert_eq!(inflate(&sent, &read_frame(peer).1), message);
        }
        sent.extend(message);
        assert!(warm(&pooled) <= MOST_WARM);
    }
    assert_eq!(warm(&pooled), MOST_WARM);
    let reactor = &mut pooled.bench.reactor;
    reactor.set_now(5000);
    reactor.release_codecs();
    assert!(reactor.codecs.warm.is_empty());
    assert_eq!(warm(&pooled), 0);
}

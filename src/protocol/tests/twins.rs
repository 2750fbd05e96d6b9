//! Fast paths against slow twins, with pseudo-random input.

use super::super::utf8::{Utf8Stream, is_valid};
use super::random::Random;
use super::replay::{replay, replay_compressed};
use super::{Limits, ProtocolError, Role, mask, reference, sample};

#[test]
fn masking_by_words_is_masking_by_bytes_at_every_length_and_alignment() {
    let mut random = Random::new(1);
    for length in sample(19, 0..200) {
        for offset in 0..8 {
            let key = (random.next() as u32).to_be_bytes();
            let original = random.bytes(offset + length);
            let mut slow = original.clone();
            for (i, byte) in slow[offset..].iter_mut().enumerate() {
                *byte ^= key[i % 4];
            }
            let mut fast = original.clone();
            mask::apply(&mut fast[offset..], key);
            assert_eq!(fast, slow, "{length} bytes from {offset} on");
            mask::apply(&mut fast[offset..], key);
            assert_eq!(fast, original, "twice is not at all");
        }
    }
}

#[test]
fn masking_in_pieces_is_masking_as_a_whole() {
    let mut random = Random::new(2);
    for _ in sample(25, 0..500) {
        let key = (random.next() as u32).to_be_bytes();
        let length = random.below(300);
        let original = random.bytes(length);
        let mut whole = original.clone();
        mask::apply(&mut whole, key);
        let mut turned = key;
        let pieces = random.cut(&original).into_iter().flat_map(|piece| {
            let mut piece = piece.to_vec();
            mask::apply_piece(&mut piece, &mut turned);
            piece
        });
        assert_eq!(pieces.collect::<Vec<u8>>(), whole);
    }
}

/// Björn Höhrmann's idea of a decoder as an automaton: how many continuation bytes are due, and
/// between which bounds the next one must lie.
#[derive(Clone, Copy)]
struct Automaton {
    due: u8,
    bounds: (u8, u8),
}

impl Automaton {
    const START: Self = Self {
        due: 0,
        bounds: (0x80, 0xbf),
    };

    fn next(self, byte: u8) -> Option<Self> {
        let (due, bounds) = match (self.due, byte) {
            (0, 0x00..=0x7f) => (0, (0x80, 0xbf)),
            (0, 0xc2..=0xdf) => (1, (0x80, 0xbf)),
            (0, 0xe0) => (2, (0xa0, 0xbf)),
            (0, 0xed) => (2, (0x80, 0x9f)),
            (0, 0xe1..=0xef) => (2, (0x80, 0xbf)),
            (0, 0xf0) => (3, (0x90, 0xbf)),
            (0, 0xf1..=0xf3) => (3, (0x80, 0xbf)),
            (0, 0xf4) => (3, (0x80, 0x8f)),
            (1.., byte) if byte >= self.bounds.0 && byte <= self.bounds.1 => {
                (self.due - 1, (0x80, 0xbf))
            }
            _ => return None,
        };
        Some(Self { due, bounds })
    }
}

/// Runs the stream over pieces, the automaton over bytes; both fail at the same piece.
fn assert_same_verdict(pieces: &[&[u8]]) {
    let mut stream = Utf8Stream::default();
    let mut automaton = Some(Automaton::START);
    for (i, piece) in pieces.iter().enumerate() {
        let last = i + 1 == pieces.len();
        automaton = piece
            .iter()
            .try_fold(automaton.unwrap(), |state, byte| state.next(*byte));
        let expected = match automaton {
            Some(state) if !last || state.due == 0 => Ok(()),
            _ => Err(ProtocolError::InvalidUtf8),
        };
        assert_eq!(
            stream.push(piece, last),
            expected,
            "piece {i} of {pieces:02x?}"
        );
        if expected.is_err() {
            break;
        }
    }
    let all = pieces.concat();
    let valid = std::str::from_utf8(&all).is_ok();
    assert_eq!(is_valid(&all), valid);
    let accepted = automaton.is_some_and(|state| state.due == 0);
    assert_eq!(accepted, valid, "the twins agree");
}

#[test]
fn every_sequence_of_two_bytes_is_judged_as_by_the_slow_twins() {
    for first in sample(16, 0..=u8::MAX) {
        for second in sample(17, 0..=u8::MAX) {
            assert_same_verdict(&[&[first, second]]);
            assert_same_verdict(&[&[first], &[second]]);
        }
    }
}

#[test]
fn long_sequences_are_judged_as_by_the_slow_twins() {
    let edges = [
        0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
        0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
    ];
    let mut sequence = [0; 4];
    for index in sample(2003, 0..edges.len().pow(4)) {
        let mut digits = index;
        for byte in &mut sequence {
            *byte = edges[digits % edges.len()];
            digits /= edges.len();
        }
        let (head, tail) = sequence.split_at(1 + index % 3);
        assert_same_verdict(&[head, tail]);
    }
}

#[test]
fn text_in_random_pieces_is_judged_as_by_the_slow_twins() {
    let mut random = Random::new(3);
    for _ in sample(100, 0..3000) {
        let length = random.below(200);
        let mut text = random.text(length);
        while random.one_in(2) {
            random.damage(&mut text);
        }
        let pieces = random.cut(&text);
        if !pieces.is_empty() {
            assert_same_verdict(&pieces);
        }
    }
}

#[test]
fn random_streams_are_decoded_as_by_the_slow_twin_however_they_are_cut() {
    let limits = Limits {
        max_payload: 250,
        max_fragments: 4,
        ..Limits::default()
    };
    let mut random = Random::new(4);
    let (mut failed, mut delivered) = (0, 0);
    let rounds = if cfg!(miri) { 24 } else { 6000 };
    for round in 0..rounds {
        let role = [Role::Server, Role::Client][round % 2];
        let mut stream = random.stream(role == Role::Server);
        let expected = reference::decode(role, limits, false, &stream);
        assert_eq!(
            replay(role, limits, [&stream[..]]),
            expected,
            "whole: {stream:02x?}"
        );
        assert_eq!(
            replay(role, limits, stream.chunks(1)),
            expected,
            "bytes: {stream:02x?}"
        );
        let reads = random.cut(&stream);
        assert_eq!(
            replay(role, limits, reads),
            expected,
            "pieces: {stream:02x?}"
        );
        failed += usize::from(expected.error.is_some());
        delivered += expected.items.len();
        if let Some(first) = stream.first_mut() {
            *first |= 0x40;
        }
        let reads = random.cut(&stream);
        assert_eq!(
            replay_compressed(role, limits, reads),
            reference::decode(role, limits, true, &stream),
            "compressed: {stream:02x?}"
        );
    }
    // The generator reaches both sides.
    assert!(
        failed > rounds / 6 && delivered > rounds,
        "{failed} failed, {delivered} delivered"
    );
}

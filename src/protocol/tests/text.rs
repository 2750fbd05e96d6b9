//! UTF-8 in text messages, RFC 6455 §8.1, however frames and reads cut it.

use super::random::frame;
use super::replay::{Item, replay, replay_all_ways};
use super::{Limits, Opcode, ProtocolError, Role, hex, sample};

/// A text message, cut into two fragments at `at`.
fn fragments(text: &[u8], at: usize) -> Vec<u8> {
    let (head, tail) = text.split_at(at);
    let first = frame(false, Opcode::TEXT, Some([0x37, 0xfa, 0x21, 0x3d]), head);
    let ping = frame(true, Opcode::PING, Some([1, 2, 3, 4]), b"");
    let last = frame(
        true,
        Opcode::CONTINUATION,
        Some([0x99, 0x00, 0xff, 0x42]),
        tail,
    );
    [first, ping, last].concat()
}

#[test]
fn takes_characters_of_every_length_cut_at_every_byte() {
    let text =
        "κόσμε 𝄞 é€ \u{0}\u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}";
    for at in sample(16, 0..=text.len()) {
        let stream = fragments(text.as_bytes(), at);
        let outcome = replay_all_ways(Role::Server, Limits::default(), &stream);
        let items = [Item::Ping(vec![]), Item::Text(text.to_owned())];
        assert_eq!(outcome.items, items, "fragmented at {at}");
        assert_eq!(outcome.error, None);
    }
}

/// Sequences that are wrong, and how many of their bytes show it.
const WRONG: [(&str, usize); 22] = [
    ("80", 1), // a continuation of nothing
    ("bf", 1),
    ("c0 80", 1), // overlong
    ("c1 bf", 1),
    ("e0 80 80", 2),
    ("e0 9f bf", 2),
    ("f0 80 80 80", 2),
    ("f0 8f bf bf", 2),
    ("ed a0 80", 2), // surrogates
    ("ed bf bf", 2),
    ("ed a0 b4 ed b4 9e", 2),
    ("f4 90 80 80", 2), // over U+10FFFF
    ("f5 80 80 80", 1),
    ("fb bf bf bf bf", 1),
    ("fe", 1),
    ("ff", 1),
    ("c3 28", 2), // a sequence that stops
    ("e2 82 28", 3),
    ("e2 28", 2),
    ("f0 9f 98 28", 4),
    ("f0 9f c3 a9", 3),
    ("c3 a9 a9", 3),
];

#[test]
fn fails_with_the_first_wrong_byte_wherever_the_text_is_cut() {
    for (digits, shown_by) in sample(10, WRONG) {
        for before in [
            "",
            "a",
            "é",
            "some text that fills more than sixteen bytes: ",
        ] {
            let text = [before.as_bytes(), &hex(digits), b"after"].concat();
            let wrong = before.len() + shown_by - 1;
            for at in sample(16, 0..=text.len()) {
                let stream = fragments(&text, at);
                let outcome = replay_all_ways(Role::Server, Limits::default(), &stream);
                assert_eq!(
                    outcome.error,
                    Some(ProtocolError::InvalidUtf8),
                    "{digits} at {at}"
                );
            }
            // One frame, its payload from byte 6 on: all but the wrong byte, then that one.
            let stream = frame(true, Opcode::TEXT, Some([0; 4]), &text);
            let up_to = |end: usize| replay(Role::Server, Limits::default(), [&stream[..end]]);
            assert_eq!(up_to(6 + wrong).error, None, "{digits}: too early");
            let error = Some(ProtocolError::InvalidUtf8);
            assert_eq!(up_to(6 + wrong + 1).error, error, "{digits}: too late");
        }
    }
}

#[test]
fn a_message_that_ends_within_a_sequence_fails_at_its_end() {
    for digits in [
        "c3",
        "e2",
        "e2 82",
        "f0",
        "f0 9f",
        "f0 9f 98",
        "61 62 f4 8f bf",
    ] {
        let text = hex(digits);
        for at in sample(16, 0..=text.len()) {
            let stream = fragments(&text, at);
            let outcome = replay_all_ways(Role::Server, Limits::default(), &stream);
            assert_eq!(
                outcome.error,
                Some(ProtocolError::InvalidUtf8),
                "{digits} at {at}"
            );
            let (_, before) = stream.split_last().unwrap();
            assert_eq!(
                replay(Role::Server, Limits::default(), [before]).error,
                None
            );
        }
    }
}

#[test]
fn an_empty_last_fragment_does_not_complete_a_sequence() {
    let stream = hex("01 01 c3  80 00");
    let outcome = replay_all_ways(Role::Client, Limits::default(), &stream);
    assert_eq!(outcome.error, Some(ProtocolError::InvalidUtf8));
}

#[test]
fn a_wrong_byte_comes_before_a_wrong_frame_behind_it() {
    let stream = hex("01 02 61 ff  ff ff");
    let outcome = replay_all_ways(Role::Client, Limits::default(), &stream);
    assert_eq!(outcome.error, Some(ProtocolError::InvalidUtf8));
}

#[test]
fn each_message_is_validated_from_its_own_beginning() {
    let stream = hex("01 01 c3  80 01 a9  81 02 c3 a9  01 02 c3 a9  80 00");
    let outcome = replay_all_ways(Role::Client, Limits::default(), &stream);
    assert_eq!(
        outcome.items,
        ["é"; 3].map(|text| Item::Text(text.to_owned()))
    );
}

#[test]
fn binary_messages_are_not_validated() {
    let stream = hex("02 01 c3  80 01 ff  82 01 ff");
    let outcome = replay_all_ways(Role::Client, Limits::default(), &stream);
    assert_eq!(
        outcome.items,
        [Item::Binary(vec![0xc3, 0xff]), Item::Binary(vec![0xff])]
    );
}

#[test]
fn validation_can_be_skipped() {
    let limits = Limits {
        skip_utf8_validation: true,
        ..Limits::default()
    };
    let mut connection = super::Connection::new(Role::Client, limits);
    for digits in ["81 01 ff", "01 01 ff", "80 00", "88 03 03 e8 ff"] {
        assert!(
            matches!(connection.receive(&mut hex(digits)), Ok(Some(_))),
            "{digits}"
        );
    }
}

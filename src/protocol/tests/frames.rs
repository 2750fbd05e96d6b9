//! RFC 6455 §5.2–§5.7: frames that are right.

use super::super::connection::Decoded;
use super::random::frame;
use super::replay::{Item, replay_all_ways};
use super::{Connection, Event, Limits, MessageKind, Opcode, Role, hex, sample};

/// Checks what a stream of frames delivers, however it is cut.
fn assert_delivers(role: Role, stream: &[u8], items: &[Item]) {
    let outcome = replay_all_ways(role, Limits::default(), stream);
    assert_eq!((&outcome.items[..], outcome.error), (items, None));
}

fn text(text: &str) -> Item {
    Item::Text(text.to_owned())
}

#[test]
fn decodes_a_single_frame_unmasked_text_message() {
    assert_delivers(Role::Client, &hex("81 05 48 65 6c 6c 6f"), &[text("Hello")]);
}

#[test]
fn decodes_a_single_frame_masked_text_message() {
    let stream = hex("81 85 37 fa 21 3d 7f 9f 4d 51 58");
    assert_delivers(Role::Server, &stream, &[text("Hello")]);
}

#[test]
fn decodes_a_fragmented_unmasked_text_message() {
    let stream = hex("01 03 48 65 6c  80 02 6c 6f");
    assert_delivers(Role::Client, &stream, &[text("Hello")]);
}

#[test]
fn decodes_an_unmasked_ping_and_a_masked_pong() {
    let hello = || b"Hello".to_vec();
    assert_delivers(
        Role::Client,
        &hex("89 05 48 65 6c 6c 6f"),
        &[Item::Ping(hello())],
    );
    let stream = hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58");
    assert_delivers(Role::Server, &stream, &[Item::Pong(hello())]);
}

#[test]
fn decodes_256_bytes_of_binary_data_in_a_single_unmasked_frame() {
    let stream = [hex("82 7e 01 00"), vec![0xfe; 256]].concat();
    assert_delivers(Role::Client, &stream, &[Item::Binary(vec![0xfe; 256])]);
}

#[test]
fn decodes_64_kib_of_binary_data_in_a_single_unmasked_frame() {
    let payload = (0..=0xff_u8).collect::<Vec<u8>>().repeat(0x100);
    let stream = [&hex("82 7f 00 00 00 00 00 01 00 00")[..], &payload].concat();
    for cut in sample(7, [stream.len(), 0xffff, 11, 10, 9, 2, 1]) {
        let reads = stream.chunks(cut);
        let outcome = super::replay::replay(Role::Client, Limits::default(), reads);
        assert_eq!(
            outcome.items,
            [Item::Binary(payload.clone())],
            "in reads of {cut} bytes"
        );
    }
}

#[test]
fn decodes_control_frames_between_the_fragments_of_a_message() {
    let stream = hex(
        "01 83 00 00 00 00 66 72 61  89 82 00 00 00 00 68 69  00 81 00 00 00 00 67 \
                      8a 80 01 02 03 04  80 84 00 00 00 00 6d 65 6e 74",
    );
    let items = [
        Item::Ping(b"hi".to_vec()),
        Item::Pong(vec![]),
        text("fragment"),
    ];
    assert_delivers(Role::Server, &stream, &items);
}

#[test]
fn decodes_empty_messages_and_empty_fragments() {
    let stream = hex("81 00  82 00  01 00  00 00  80 00  02 00  00 01 ff  80 00");
    let items = [
        text(""),
        Item::Binary(vec![]),
        text(""),
        Item::Binary(vec![0xff]),
    ];
    assert_delivers(Role::Client, &stream, &items);
}

#[test]
fn decodes_payloads_at_the_edges_of_the_three_length_encodings() {
    for (header, length) in [
        ("82 fd", 125),
        ("82 fe 00 7e", 126),
        ("82 fe 00 7f", 127),
        ("82 fe 00 80", 128),
        ("82 fe ff ff", 65535),
        ("82 ff 00 00 00 00 00 01 00 00", 65536),
    ] {
        let mut payload = (0..251).collect::<Vec<u8>>().repeat(length / 251 + 1);
        payload.truncate(length);
        let key = [0x12, 0x34, 0x56, 0x78];
        let stream = frame(true, Opcode::BINARY, Some(key), &payload);
        assert!(stream.starts_with(&hex(header)), "{header}");
        for cut in sample(5, [stream.len(), 4096, 7, 3, 1]) {
            let reads = stream.chunks(cut);
            let outcome = super::replay::replay(Role::Server, Limits::default(), reads);
            assert_eq!(
                outcome.items,
                [Item::Binary(payload.clone())],
                "{length} by {cut}"
            );
        }
    }
}

#[test]
fn takes_lengths_that_are_not_minimally_encoded_as_ws_does() {
    let items = [text("Hi")];
    assert_delivers(Role::Client, &hex("81 7e 00 02 48 69"), &items);
    assert_delivers(
        Role::Client,
        &hex("81 7f 00 00 00 00 00 00 00 02 48 69"),
        &items,
    );
    assert_delivers(Role::Server, &hex("81 fe 00 00 01 02 03 04"), &[text("")]);
}

#[test]
fn takes_a_key_of_zeros() {
    assert_delivers(Role::Server, &hex("81 82 00 00 00 00 48 69"), &[text("Hi")]);
}

#[test]
fn takes_the_longest_control_frame() {
    let stream = [hex("89 7d"), vec![0x61; 125]].concat();
    assert_delivers(Role::Client, &stream, &[Item::Ping(vec![0x61; 125])]);
}

#[test]
fn takes_close_frames_with_nothing_a_code_and_a_reason() {
    let close = |code, reason: &str| [Item::Close(code, reason.into())];
    assert_delivers(Role::Client, &hex("88 00"), &close(1005, ""));
    assert_delivers(Role::Server, &hex("88 80 01 02 03 04"), &close(1005, ""));
    assert_delivers(Role::Client, &hex("88 02 03 e8"), &close(1000, ""));
    assert_delivers(Role::Client, &hex("88 04 0f a0 c3 a9"), &close(4000, "é"));
}

#[test]
fn ignores_what_follows_a_close_frame() {
    let stream = hex("81 01 61  88 02 03 e8  81 01 62  ff ff ff");
    let items = [text("a"), Item::Close(1000, vec![])];
    assert_delivers(Role::Client, &stream, &items);
}

#[test]
fn takes_a_close_frame_between_the_fragments_of_a_message() {
    let stream = hex("01 01 61  88 00");
    assert_delivers(Role::Client, &stream, &[Item::Close(1005, vec![])]);
}

#[test]
fn gives_a_whole_message_in_one_event_and_says_where_it_lies() {
    let mut input = hex("81 85 37 fa 21 3d 7f 9f 4d 51 58  ff");
    let mut connection = Connection::new(Role::Server, Limits::default());
    let event = Event::Message {
        kind: MessageKind::Text,
        compressed: false,
        payload: 6..11,
    };
    let decoded = Decoded {
        event,
        consumed: 11,
    };
    assert_eq!(connection.receive(&mut input), Ok(Some(decoded)));
    assert_eq!(&input[6..11], b"Hello");
    assert_eq!(input[11], 0xff, "the next frame is untouched");
}

#[test]
fn announces_a_data_frame_as_soon_as_its_header_is_complete() {
    let mut connection = Connection::new(Role::Server, Limits::default());
    let mut header = hex("82 fe 03 e8 01 02 03 04");
    let event = Event::Payload {
        kind: MessageKind::Binary,
        compressed: false,
        payload: 8..8,
        end_of_frame: false,
        end_of_message: false,
    };
    let decoded = Decoded { event, consumed: 8 };
    assert_eq!(connection.receive(&mut header), Ok(Some(decoded)));
    assert_eq!(
        (connection.frame_remaining(), connection.message_length()),
        (1000, 1000)
    );
    assert_eq!(connection.receive(&mut []), Ok(None));
}

#[test]
fn needs_more_as_long_as_a_header_or_a_control_frame_is_unfinished() {
    for digits in [
        "81 fe 00 80 01 02 03 04",
        "81 ff 00 00 00 00 00 01 00 00 01 02 03 04",
    ] {
        let header = hex(digits);
        for length in 0..header.len() {
            let mut connection = Connection::new(Role::Server, Limits::default());
            let mut input = header[..length].to_vec();
            assert_eq!(connection.receive(&mut input), Ok(None));
            assert_eq!(input, header[..length], "the input is untouched");
        }
    }
    let ping = hex("89 83 01 02 03 04 61 62 63");
    for length in 0..ping.len() {
        let mut connection = Connection::new(Role::Server, Limits::default());
        let mut input = ping[..length].to_vec();
        assert_eq!(connection.receive(&mut input), Ok(None));
        assert_eq!(input, ping[..length], "the input is untouched");
    }
}

#[test]
fn an_idle_connection_is_small() {
    assert!(size_of::<Connection>() - size_of::<Limits>() <= 64);
}

#[test]
fn rsv1_marks_a_compressed_message_where_compression_was_agreed_on() {
    let mut connection = Connection::new(Role::Client, Limits::default());
    connection.accept_compression();
    // One frame; then a message of two with a ping between them; then one that is not compressed.
    let mut input = hex("c1 01 ff 42 01 fe 89 00 80 01 ff 81 01 41");
    let mut compressed = Vec::new();
    let mut from = 0;
    while let Some(decoded) = connection.receive(&mut input[from..]).unwrap() {
        from += decoded.consumed;
        match decoded.event {
            Event::Message { compressed: it, .. } | Event::Payload { compressed: it, .. } => {
                compressed.push(it);
            }
            _ => {}
        }
    }
    assert_eq!(from, input.len());
    assert_eq!(compressed, [true, true, true, false]);
}

#[test]
fn rsv1_is_for_the_first_frame_of_a_data_message_alone() {
    for bytes in [
        "c9 00",
        "c8 00",
        "c0 00",
        "01 01 41 c0 00",
        "41 01 41 c0 00",
    ] {
        let mut connection = Connection::new(Role::Client, Limits::default());
        connection.accept_compression();
        let mut input = hex(bytes);
        let mut from = 0;
        let error = loop {
            match connection.receive(&mut input[from..]) {
                Ok(Some(decoded)) => from += decoded.consumed,
                Ok(None) => panic!("{bytes}"),
                Err(error) => break error,
            }
        };
        assert_eq!(error, super::ProtocolError::UnexpectedRsv1, "{bytes}");
    }
}

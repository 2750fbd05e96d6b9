//! RFC 7692 §7.2: the codec of permessage-deflate.

use super::*;
use crate::protocol::deflate::{Compression, Deflater};
use crate::protocol::inflate::{Compressed, Inflater};
use crate::protocol::window::Window;

const WINDOW_BITS: std::ops::RangeInclusive<u32> = 8..=15;

/// Lengths of messages are less by this under Miri.
const SCALE: usize = if cfg!(miri) { 20 } else { 1 };

fn compression(level: i32, window_bits: u32) -> Compression {
    Compression::new(level, 8, 0, window_bits).unwrap()
}

/// Decompresses a frame into pieces of `room` bytes.
fn inflate(
    inflater: &mut Inflater,
    bytes: &[u8],
    fin: bool,
    room: usize,
) -> Result<Vec<u8>, ProtocolError> {
    let mut frame = Compressed::new(bytes, fin, 0);
    let mut output = Vec::new();
    while !frame.is_done() {
        let mut piece = vec![0; room];
        let length = inflater.inflate(&mut frame, &mut piece)?;
        output.extend_from_slice(&piece[..length]);
    }
    Ok(output)
}

/// Decompresses a message that refers to no other.
fn message(bytes: &[u8]) -> Result<Vec<u8>, ProtocolError> {
    let mut inflater = Inflater::new();
    inflater.begin(&[]);
    inflate(&mut inflater, bytes, true, 1000)
}

/// What a message is by the slow twin, and its farthest distance. Under Miri, for which that one is too
/// slow, it is what it is anyhow.
fn reference(bytes: &[u8], window: &[u8]) -> (Vec<u8>, usize) {
    if cfg!(miri) {
        let mut inflater = Inflater::new();
        inflater.begin(window);
        let message = inflate(&mut inflater, bytes, true, 1000);
        return (message.expect("a message"), 0);
    }
    slow_inflate::inflate(bytes, window)
}

/// Text that looks like what programs send.
fn json(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut text = String::new();
    while text.len() < length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (id, name) = (
            state >> 8,
            ["ann", "bob", "eve"][(state >> 30) as usize % 3],
        );
        text += &format!(
            "{{\"id\":{id},\"name\":\"{name}\",\"score\":{}}},",
            id % 1000
        );
    }
    text.into_bytes()[..length].to_vec()
}

/// Bytes that no compressor makes shorter.
fn noise(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn decompresses_the_examples_of_rfc_7692() {
    // §7.2.3.1, §7.2.3.3, §7.2.3.4, §7.2.3.5: one block, an uncompressed block, a final block, two
    // blocks.
    for bytes in [
        "f2 48 cd c9 c9 07 00",
        "00 05 00 fa ff 48 65 6c 6c 6f 00",
        "f3 48 cd c9 c9 07 00 00",
        "f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
    ] {
        assert_eq!(message(&hex(bytes)), Ok(b"Hello".to_vec()), "{bytes}");
    }
    // §7.2.3.6: the empty message.
    assert_eq!(message(&hex("00")), Ok(vec![]));
}

#[test]
fn compresses_the_examples_of_rfc_7692() {
    // zlib, and our own code, which needs no literal before the match.
    for (strategy, again) in [(1, "f2 00 11 00 00"), (0, "02 13 00 00")] {
        let mut deflater = Deflater::new(Compression::new(6, 8, strategy, 15).unwrap());
        let mut output = Vec::new();
        deflater.begin(&[], None);
        deflater.deflate(b"Hello", true, &mut output);
        assert_eq!(output, hex("f2 48 cd c9 c9 07 00"), "{strategy}");
        // §7.2.3.2: the same again, with the window of the first.
        output.clear();
        deflater.deflate(b"Hello", true, &mut output);
        assert_eq!(output, hex(again), "{strategy}");
        // Without it.
        output.clear();
        deflater.begin(&[], None);
        deflater.deflate(b"Hello", true, &mut output);
        assert_eq!(output, hex("f2 48 cd c9 c9 07 00"), "{strategy}");
        output.clear();
        deflater.deflate(b"", true, &mut output);
        assert_eq!(output, hex("00"), "{strategy}");
    }
}

#[test]
fn a_compressor_that_is_given_the_window_goes_on_where_another_left_off() {
    let mut kept = Deflater::new(compression(6, 15));
    let mut lent = Deflater::new(compression(6, 15));
    let mut window = Window::new(15);
    let mut inflater = Inflater::new();
    let mut received = Window::new(15);
    let lengths = sample(6, [10, 500, 0, 40_000, 3, 70_000, 200, 200]);
    for (round, length) in lengths.enumerate() {
        let message = json(length, round as u32 % 3);
        let (mut one, mut other) = (Vec::new(), Vec::new());
        kept.deflate(&message, true, &mut one);
        lent.begin(window.bytes(), Some(message.len()));
        lent.deflate(&message, true, &mut other);
        window.push(&message);
        // zlib's hash chains end in other places, so the two need not be the same.
        assert!(other.len() <= one.len() + one.len() / 20 + 8, "{length}");
        for bytes in [one, other] {
            inflater.begin(received.bytes());
            let decompressed = inflate(&mut inflater, &bytes, true, 10_000);
            assert_eq!(decompressed.as_deref(), Ok(&message[..]), "{length}");
        }
        received.push(&message);
    }
}

#[test]
fn what_was_compressed_is_decompressed_whatever_the_parameters() {
    let some = if cfg!(miri) { 60 } else { 3000 };
    for level in sample(4, -1..=9) {
        for mem_level in sample(2, [1, 8, 9]) {
            for strategy in sample(3, 0..=4) {
                let compression = Compression::new(level, mem_level, strategy, 15).unwrap();
                let mut deflater = Deflater::new(compression);
                for message in [json(1, 1), json(some, 2), noise(some, 3), vec![7; 3 * some]] {
                    let mut output = Vec::new();
                    deflater.begin(&[], None);
                    deflater.deflate(&message, true, &mut output);
                    assert_eq!(super::compression::message(&output), Ok(message));
                }
            }
        }
    }
}

#[test]
fn nothing_refers_to_more_than_the_window_agreed_on() {
    for bits in sample(8, WINDOW_BITS) {
        let parameters = [
            (1, 0),
            (6, 0),
            (9, 0),
            (1, 1),
            (2, 1),
            (3, 1),
            (6, 1),
            (8, 1),
        ];
        for (level, strategy) in sample(6, parameters) {
            let compression = Compression::new(level, 8, strategy, bits).unwrap();
            let mut deflater = Deflater::new(compression);
            let mut window = Window::new(bits as u8);
            let mut receiver = Window::new(bits as u8);
            // Each repeats what was just beyond the window.
            let lengths = [300, 100, 300, 1000, 20, 40_000, 1 << bits, 1 << bits];
            for length in sample(3, lengths) {
                let message = json(length, 5);
                let mut output = Vec::new();
                deflater.begin(window.bytes(), None);
                deflater.deflate(&message, true, &mut output);
                window.push(&message);
                let (decompressed, farthest) = reference(&output, receiver.bytes());
                assert_eq!(decompressed, message, "{bits} {level} {length}");
                assert!(farthest <= 1 << bits, "{bits} {level} {length}: {farthest}");
                receiver.push(&message);
            }
        }
    }
}

#[test]
fn what_is_compressed_by_our_own_code_is_as_short_as_zlib_makes_it() {
    let mut own = Deflater::new(compression(6, 15));
    // zlib is asked because of the strategy, which makes no difference to such matches.
    let mut zlib = Deflater::new(Compression::new(6, 8, 1, 15).unwrap());
    let lengths = (1..300).chain([511, 512, 513, 1000, 4096, 9999, 16_384, 32_768, 100_000]);
    for length in sample(150, lengths) {
        let messages = [
            json(length, length as u32),
            noise(length, length as u32),
            vec![length as u8; length],
            (0..length).map(|at| ((at * at) >> 7) as u8).collect(),
        ];
        for message in messages {
            let (mut short, mut shorter) = (Vec::new(), Vec::new());
            own.begin(&[], Some(length));
            own.deflate(&message, true, &mut short);
            zlib.begin(&[], None);
            zlib.deflate(&message, true, &mut shorter);
            assert_eq!(super::compression::message(&short).as_ref(), Ok(&message));
            assert_eq!(reference(&short, &[]).0, message, "{length}");
            let most = shorter.len() + shorter.len() / 20 + 64;
            assert!(
                short.len() <= most,
                "{length}: {} {}",
                short.len(),
                shorter.len()
            );
        }
    }
}

#[test]
fn a_text_that_is_longer_than_its_memory_is_compressed_and_decompressed() {
    let mut deflater = Deflater::new(compression(6, 15));
    let mut inflater = Inflater::new();
    let mut window = Window::new(15);
    deflater.begin(&[], None);
    // Some end where the memory is full, some cross it, and all repeat what is far away.
    let lengths = [
        32_768, 32_766, 1, 32_767, 5, 65_534, 65_535, 200_000, 10, 1000,
    ];
    // Under Miri, none does.
    for length in sample(10, lengths) {
        let length = length / SCALE;
        let message = json(length, 3);
        let mut output = Vec::new();
        deflater.deflate(&message, true, &mut output);
        inflater.begin(window.bytes());
        let decompressed = inflate(&mut inflater, &output, true, 10_000);
        assert_eq!(decompressed.as_deref(), Ok(&message[..]), "{length}");
        let (_, farthest) = reference(&output, window.bytes());
        assert!(farthest <= 32_768, "{length}: {farthest}");
        window.push(&message);
    }
}

#[test]
fn fragments_are_compressed_and_decompressed_one_by_one() {
    let text = json(5000 / SCALE, 9);
    let last = text.len() - 1;
    for cuts in [
        vec![last / 50, last / 2, last / 2 + 1, last],
        vec![1, 1],
        vec![0],
    ] {
        let mut deflater = Deflater::new(compression(6, 15));
        let mut inflater = Inflater::new();
        deflater.begin(&[], None);
        inflater.begin(&[]);
        let mut from = 0;
        for to in cuts.iter().copied().chain([text.len()]) {
            let fin = to == text.len();
            let mut output = Vec::new();
            deflater.deflate(&text[from..to], fin, &mut output);
            let decompressed = inflate(&mut inflater, &output, fin, 64);
            assert_eq!(decompressed.as_deref(), Ok(&text[from..to]), "{cuts:?}");
            from = to;
        }
    }
}

#[test]
fn the_output_may_be_cut_anywhere() {
    let length = 2000 / SCALE;
    let text = json(length, 4);
    let mut deflater = Deflater::new(compression(6, 15));
    let mut output = Vec::new();
    deflater.begin(&[], None);
    deflater.deflate(&text, true, &mut output);
    let mut inflater = Inflater::new();
    for room in sample(3, [1, 2, 3, 7, 64, length - 1, length, length + 1]) {
        inflater.begin(&[]);
        let decompressed = inflate(&mut inflater, &output, true, room);
        assert_eq!(decompressed.as_deref(), Ok(&text[..]), "{room}");
    }
}

#[test]
fn the_input_may_be_handed_to_another_call_anywhere() {
    let text = json(500, 6);
    let mut deflater = Deflater::new(compression(6, 15));
    let mut output = Vec::new();
    deflater.begin(&[], None);
    deflater.deflate(&text, true, &mut output);
    let mut inflater = Inflater::new();
    for room in sample(200, 1..500) {
        inflater.begin(&[]);
        let mut first = vec![0; room];
        let mut frame = Compressed::new(&output, true, 0);
        let length = inflater.inflate(&mut frame, &mut first).unwrap();
        assert_eq!(length, room);
        let mut frame = Compressed::new(&output, true, frame.position());
        let mut second = vec![0; 1000];
        let length = inflater.inflate(&mut frame, &mut second).unwrap();
        assert!(frame.is_done());
        assert_eq!([&first[..], &second[..length]].concat(), text, "{room}");
    }
}

#[test]
fn bytes_that_are_no_compressed_message_are_refused_with_the_text_of_zlib() {
    for (bytes, text) in [
        ("ff", "invalid block type"),
        ("00 05 00 fa fe 48", "invalid stored block lengths"),
        ("f2 00 11 00 00", "invalid distance too far back"),
    ] {
        assert_eq!(
            message(&hex(bytes)),
            Err(ProtocolError::InvalidCompression(text)),
            "{bytes}"
        );
    }
}

#[test]
fn a_compressor_works_on_after_any_message() {
    let mut inflater = Inflater::new();
    inflater.begin(&[]);
    assert!(inflate(&mut inflater, &hex("ff"), true, 10).is_err());
    inflater.begin(&[]);
    let hello = inflate(&mut inflater, &hex("f2 48 cd c9 c9 07 00"), true, 10);
    assert_eq!(hello, Ok(b"Hello".to_vec()));
}

/// It freed what was lent for the length of a call: Miri says so, as a compiler might use it.
#[test]
fn what_was_handed_over_can_be_dropped() {
    drop(Inflater::new());
    // With zlib, and with our own code.
    for level in [0, 6] {
        drop(Deflater::new(compression(level, 15)));
    }
}

#[test]
fn parameters_out_of_range_are_none() {
    for (level, mem_level, strategy, window_bits) in [
        (-2, 8, 0, 15),
        (10, 8, 0, 15),
        (6, 0, 0, 15),
        (6, 10, 0, 15),
        (6, 8, -1, 15),
        (6, 8, 5, 15),
        (6, 8, 0, 7),
        (6, 8, 0, 16),
    ] {
        assert!(Compression::new(level, mem_level, strategy, window_bits).is_none());
    }
}

/// Where 30 or 31 bits waited at the end of a block, and the next one was stored, the latter's length
/// was damaged.
#[test]
fn a_stored_block_begins_behind_any_bit_of_another() {
    for seed in sample(200, 0..200) {
        let mut text = json(32 * 1024 / SCALE, seed);
        text.extend_from_slice(&noise(1000 / SCALE, seed));
        let mut deflater = Deflater::new(compression(6, 15));
        let mut output = Vec::new();
        deflater.deflate(&text, true, &mut output);
        assert_eq!(message(&output), Ok(text), "{seed}");
    }
}

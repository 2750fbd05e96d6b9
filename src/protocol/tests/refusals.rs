//! Why a compressed message is refused: in zlib's words, whichever of its loops finds it.

use super::sample;
use crate::protocol::ProtocolError;
use crate::protocol::deflate::{Compression, Deflater};
use crate::protocol::inflate::{Compressed, Inflater};

/// So little that zlib-rs takes its time, and so much that it does not.
const ROOMS: [usize; 2] = [100, 100_000];

/// Lengths are less by this under Miri.
const SCALE: usize = if cfg!(miri) { 10 } else { 1 };

/// Letters that repeat what came before now and then.
fn letters(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut bytes: Vec<u8> = Vec::new();
    while bytes.len() < length {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let back = (state >> 8) as usize % (2000 / SCALE);
        if state >> 30 == 0 && back < bytes.len() {
            let from = bytes.len() - back;
            let again = bytes[from..bytes.len().min(from + 20)].to_vec();
            bytes.extend(again);
        } else {
            bytes.push(b'a' + (state >> 24) as u8 % 16);
        }
    }
    bytes
}

fn compress(level: i32, window: &[u8], message: &[u8]) -> Vec<u8> {
    let compression = Compression::new(level, 8, 0, 15).expect("in range");
    let mut deflater = Deflater::new(compression);
    let mut output = Vec::new();
    deflater.begin(window, None);
    deflater.deflate(message, true, &mut output);
    output
}

/// Why frames are refused, the last of a message, or that they are not.
fn verdict(window: &[u8], frames: &[&[u8]], room: usize) -> Result<(), ProtocolError> {
    let mut inflater = Inflater::new();
    let mut output = vec![0; room];
    inflater.begin(window);
    for (index, bytes) in frames.iter().enumerate() {
        let mut frame = Compressed::new(bytes, index == frames.len() - 1, 0);
        while !frame.is_done() {
            if let Err(error) = inflater.inflate(&mut frame, &mut output) {
                return Err(inflater.explain(error, window, &frame));
            }
        }
    }
    Ok(())
}

/// What each of the frames is refused for, with its bits flipped one after the other, is the same for
/// all rooms. Returns the texts.
fn texts(window: &[u8], payload: &[u8], cuts: &[usize]) -> Vec<&'static str> {
    let mut texts = Vec::new();
    for bit in sample(300, (0..payload.len() * 8).step_by(3)) {
        let mut damaged = payload.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let mut frames = Vec::new();
        let mut rest = &damaged[..];
        for cut in cuts {
            let (frame, others) = rest.split_at(*cut);
            frames.push(frame);
            rest = others;
        }
        frames.push(rest);
        let [slow, fast] = ROOMS.map(|room| verdict(window, &frames, room));
        assert_eq!(slow, fast, "bit {bit}, frames behind {cuts:?}");
        if let Err(ProtocolError::InvalidCompression(text)) = fast {
            texts.push(text);
        }
    }
    texts.sort_unstable();
    texts.dedup();
    texts
}

#[test]
fn a_damaged_message_is_refused_for_the_same_reason_in_any_loop_of_zlib() {
    let message = letters(3000 / SCALE, 1);
    let window = letters(2000 / SCALE, 2);
    let mut seen = Vec::new();
    for level in [1, 6] {
        // With a window that is referred to, and without.
        let referring = [&window[500 / SCALE..], &message[..]].concat();
        seen.extend(texts(&window, &compress(level, &window, &referring), &[]));
        seen.extend(texts(&[], &compress(level, &[], &message), &[]));
    }
    // Those which its fastest loop finds in such data.
    for text in ["invalid distance code", "invalid distance too far back"] {
        assert!(cfg!(miri) || seen.contains(&text), "{text}: {seen:?}");
    }
}

#[test]
fn a_damaged_message_in_frames_is_refused_for_the_same_reason() {
    let window = letters(2000 / SCALE, 2);
    let message = [&window[500 / SCALE..], &letters(2500 / SCALE, 3)].concat();
    let payload = compress(6, &window, &message);
    let cuts = [payload.len() / 3, 0, payload.len() / 3];
    let texts = texts(&window, &payload, &cuts);
    assert!(
        cfg!(miri) || texts.contains(&"invalid distance too far back"),
        "{texts:?}"
    );
}

#[test]
fn behind_a_final_block_a_frame_refers_to_nothing() {
    let window = letters(2000 / SCALE, 2);
    let message = letters(2000 / SCALE, 4);
    // What the sender has removed, and a final block with nothing in it (RFC 1951 §3.2.6): the next
    // frame begins anew.
    let mut last = compress(6, &window, &window);
    last.extend([0x00, 0x00, 0xff, 0xff, 0x03, 0x00]);
    let payload = compress(6, &window, &[&window[..], &message].concat());
    let error = ProtocolError::InvalidCompression("invalid distance too far back");
    for room in ROOMS {
        let frames = [&last[..], &payload];
        assert_eq!(verdict(&window, &frames, room), Err(error), "{room}");
    }
}

#[test]
fn what_is_refused_behind_a_megabyte_is_found_there() {
    let length = if cfg!(miri) { 3000 } else { 1_000_000 };
    let mut payload = compress(6, &[], &letters(length, 5));
    // What the sender has removed, and a block of fixed codes: a length of 3, and a distance code of 30,
    // which does not exist (RFC 1951 §3.2.6).
    payload.extend([0x00, 0x00, 0xff, 0xff, 0x02, 0x3e]);
    payload.extend([0x00; 40]);
    for room in ROOMS {
        let error = ProtocolError::InvalidCompression("invalid distance code");
        assert_eq!(verdict(&[], &[&payload], room), Err(error), "{room}");
    }
}

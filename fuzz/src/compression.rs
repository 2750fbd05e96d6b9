//! permessage-deflate: what a peer sends as a compressed message, and what is sent to it.

use crate::oracle::inflate::{self, End};
use crate::protocol::ProtocolError;
use crate::protocol::deflate::{Compression, Deflater};
use crate::protocol::inflate::{Compressed, Inflater};
use crate::protocol::window::Window;

/// Bytes that a message may have when it is decompressed.
const MOST: usize = 64 * 1024;

/// What a sender removes, RFC 7692 §7.2.1.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Messages to compress one after the other: each takes long.
const MESSAGES: usize = 6;

/// Stretches that a large message has at most: 32 KiB each.
const STRETCHES: usize = 8;

/// Why a message was not decompressed.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    Damaged(ProtocolError),
    TooLong,
}

/// Decompresses frames, the last of which ends the message, to pieces of `room` bytes.
fn inflate_frames(window: &[u8], frames: &[&[u8]], room: usize) -> Result<Vec<u8>, Refused> {
    let mut inflater = Inflater::new();
    inflater.begin(window);
    let mut output = Vec::new();
    for (index, bytes) in frames.iter().enumerate() {
        let mut frame = Compressed::new(bytes, index == frames.len() - 1, 0);
        let mut without_output = 0;
        while !frame.is_done() {
            let mut piece = vec![0; room.min(MOST + 1 - output.len())];
            let length = inflater.inflate(&mut frame, &mut piece);
            let length = length.map_err(|error| {
                // Found out by decompressing it again.
                Refused::Damaged(inflater.explain(error, window, &frame))
            })?;
            output.extend_from_slice(&piece[..length]);
            if output.len() > MOST {
                return Err(Refused::TooLong);
            }
            // There is always a piece that was not filled, and it is the last.
            without_output += usize::from(length < piece.len());
            assert!(without_output <= 1, "it does not end");
        }
    }
    Ok(output)
}

/// What a message of these frames should come to. A frame with a final block ends there, and the
/// next one starts anew.
fn expected(window: &[u8], frames: &[&[u8]]) -> Result<Vec<u8>, End> {
    let mut message = Vec::new();
    let mut window = window;
    let mut bytes = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        bytes.extend_from_slice(frame);
        let is_last = index == frames.len() - 1;
        if is_last {
            bytes.extend(TAIL);
        }
        let inflated = inflate::inflate(window, &bytes, MOST - message.len());
        match inflated.end {
            End::Damaged | End::TooLong => return Err(inflated.end),
            End::FinalBlock => {
                bytes.clear();
                window = &[];
            }
            End::Input if is_last => {}
            End::Input => continue,
        }
        message.extend(inflated.output);
    }
    Ok(message)
}

/// A message is decompressed as by the slow twin, or refused for the same reason, however long the
/// pieces are to which that is done.
/// The first byte says that, the second where it is cut in two frames, the third how much of the
/// message comes before it.
pub fn inflate(data: &[u8]) {
    let &[room, cut, window, ref payload @ ..] = data else {
        return;
    };
    let window = &payload[..payload.len().min(window.into())];
    let (first, second) = payload.split_at(payload.len().min(cut.into()));
    for frames in [&[payload][..], &[first, second]] {
        let whole = inflate_frames(window, frames, MOST + 1);
        let pieces = inflate_frames(window, frames, usize::from(room).max(1));
        assert_eq!(whole, pieces);
        match expected(window, frames) {
            // zlib looks at what follows the last byte that there is room for.
            Err(End::TooLong) => assert!(whole.is_err()),
            Err(_) => assert!(matches!(whole, Err(Refused::Damaged(_)))),
            Ok(message) => assert_eq!(whole, Ok(message)),
        }
    }
}

/// A message that may refer to `window` is this one, and refers to at most `size` bytes back.
fn assert_is(payload: &[u8], window: &[u8], size: usize, message: &[u8]) {
    let inflated = inflate::inflate(window, &[payload, &TAIL].concat(), message.len());
    assert_eq!(inflated.end, End::Input, "no more than the message");
    assert_eq!(inflated.output, message);
    let farthest = inflated.farthest;
    assert!(farthest <= size, "{farthest} bytes back");
}

/// What is compressed is decompressed to the same, and keeps to the window that was agreed on. The
/// first three bytes are zlib's parameters, the fourth says where the rest is cut: in messages and
/// in frames.
pub fn deflate(data: &[u8]) {
    let &[level, strategy, window_bits, cut, ref rest @ ..] = data else {
        return;
    };
    assert_survives(
        [level, strategy, window_bits],
        usize::from(cut) * 8 + 1,
        rest,
    );
}

/// The same with messages of many blocks, which the rest describes: three bytes a stretch.
pub fn deflate_large(data: &[u8]) {
    let &[level, strategy, window_bits, cut, ref rest @ ..] = data else {
        return;
    };
    let mut all = Vec::new();
    for stretch in rest.chunks_exact(3).take(STRETCHES) {
        let [kind, value, length] = [0, 1, 2].map(|index| usize::from(stretch[index]));
        let mut random = (value + 1) as u32;
        for _ in 0..length * length / 2 + 1 {
            random = random.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
            let noise = (random >> 24) as u8;
            all.push(match kind % 4 {
                0 => noise,
                1 => noise % (kind / 4 + 2) as u8,
                2 => value as u8,
                _ => {
                    let distance = (value << 8 | kind) + 1;
                    all.len().checked_sub(distance).map_or(noise, |at| all[at])
                }
            });
        }
    }
    let length = usize::from(cut) * 1024 + 1;
    assert_survives([level, strategy, window_bits], length, &all);
}

/// Compresses `all` as messages of `length` bytes, and at last as one.
fn assert_survives([level, strategy, window_bits]: [u8; 3], length: usize, all: &[u8]) {
    let window_bits = 8 + window_bits % 8;
    let compression = Compression::new(
        i32::from(level % 11) - 1,
        u32::from(level / 11 % 9) + 1,
        i32::from(strategy % 5),
        window_bits.into(),
    );
    let compression = compression.expect("all are in range");
    let size = 1 << window_bits;
    let messages = all.chunks(length.max(all.len().div_ceil(MESSAGES)));

    // With a context: by one compressor, and by one that is given the window each time.
    let mut warm = Deflater::new(compression);
    let mut lent = Deflater::new(compression);
    let mut window = Window::new(window_bits);
    let mut sent = 0;
    warm.begin(&[], None);
    for message in messages.clone() {
        lent.begin(window.bytes(), None);
        let mut checked = Vec::new();
        for deflater in [&mut warm, &mut lent] {
            let (first, second) = message.split_at(message.len() / 3);
            let mut payload = Vec::new();
            deflater.deflate(first, false, &mut payload);
            deflater.deflate(second, true, &mut payload);
            // Mostly both do the same, and to check it takes longest.
            if payload != checked {
                assert_is(&payload, &all[..sent], size, message);
                checked = payload;
            }
        }
        window.push(message);
        sent += message.len();
    }

    // Without one.
    let is_one = messages.len() == 1;
    for message in messages.chain((!is_one).then_some(all)) {
        let mut payload = Vec::new();
        lent.begin(&[], Some(message.len()));
        lent.deflate(message, true, &mut payload);
        assert_is(&payload, &[], size, message);
    }
}

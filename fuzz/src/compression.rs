//! permessage-deflate: what a peer sends as a compressed message, and what is sent to it.

use crate::protocol::ProtocolError;
use crate::protocol::deflate::{Compression, Deflater};
use crate::protocol::inflate::{Compressed, Inflater};
use crate::protocol::window::Window;
use crate::slow_inflate;

/// Bytes that a message may have when it is decompressed.
const MOST: usize = 64 * 1024;

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

/// A message comes to the same, or is refused for the same reason, however long the pieces are to which
/// it is decompressed. The first
/// byte says that, the second where it is cut in two frames, the third how much of the message
/// comes before it.
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
    }
}

/// A message that may refer to `window` is this one, and refers to at most `size` bytes back.
fn assert_is(payload: &[u8], window: &[u8], size: usize, message: &[u8]) {
    let (decompressed, farthest) = slow_inflate::inflate(payload, window);
    assert_eq!(decompressed, message);
    assert!(farthest <= size, "{farthest} bytes back");
}

/// What is compressed is decompressed to the same, and keeps to the window that was agreed on. The
/// first three bytes are zlib's parameters, the fourth says where the rest is cut: in messages and
/// in frames.
pub fn deflate(data: &[u8]) {
    let &[level, strategy, window_bits, cut, ref rest @ ..] = data else {
        return;
    };
    let window_bits = 8 + window_bits % 8;
    let compression = Compression::new(
        i32::from(level % 11) - 1,
        u32::from(level / 11 % 9) + 1,
        i32::from(strategy % 5),
        window_bits.into(),
    );
    let compression = compression.expect("all are in range");

    let size = 1 << window_bits;
    let messages = rest.chunks(usize::from(cut) * 8 + 1);

    // With a context: by one compressor, and by one that is given the window each time.
    let mut warm = Deflater::new(compression);
    let mut lent = Deflater::new(compression);
    let mut window = Window::new(window_bits);
    let mut sent = 0;
    warm.begin(&[], None);
    for message in messages.clone() {
        lent.begin(window.bytes(), None);
        for deflater in [&mut warm, &mut lent] {
            let (first, second) = message.split_at(message.len() / 3);
            let mut payload = Vec::new();
            deflater.deflate(first, false, &mut payload);
            deflater.deflate(second, true, &mut payload);
            assert_is(&payload, &rest[..sent], size, message);
        }
        window.push(message);
        sent += message.len();
    }

    // Without one.
    for message in messages.chain([rest]) {
        let mut payload = Vec::new();
        lent.begin(&[], Some(message.len()));
        lent.deflate(message, true, &mut payload);
        assert_is(&payload, &[], size, message);
    }
}

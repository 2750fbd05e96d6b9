//! What a peer sends, as bytes of a connection.

use crate::protocol::{Limits, Role};
use crate::stream::Stream;
use crate::{reference, replay};

/// Bytes that a message may have: around each length from which another encoding is needed.
const MAX_PAYLOADS: [u64; 8] = [300, 0, 125, 126, 0xffff, 0x1_0000, 0x1_0001, 100_000];

pub fn frame_stream_server(data: &[u8]) {
    frame_stream(Role::Server, data);
}

pub fn frame_stream_client(data: &[u8]) {
    frame_stream(Role::Client, data);
}

/// A stream is decoded as by the slow twin, whole and in pieces, with permessage-deflate and
/// without. The first byte says how long the pieces are, the second which limits there are, the
/// rest is a [`Stream`].
fn frame_stream(role: Role, data: &[u8]) {
    let &[length, choice, ref input @ ..] = data else {
        return;
    };
    let limits = Limits {
        max_payload: MAX_PAYLOADS[usize::from(choice % 8)],
        // Small, so that the fuzzer reaches it.
        max_fragments: if choice & 8 == 0 { 5 } else { 0 },
        max_buffered_chunks: 0,
        skip_utf8_validation: false,
    };
    let stream = Stream::expand(role, limits.max_payload, input);
    let bytes = stream.reads(1);
    let pieces = stream.reads(usize::from(length).max(1));
    for compression in [false, true] {
        let expected = reference::decode(role, limits, compression, &stream.bytes);
        for reads in [&[&stream.bytes[..]][..], &bytes, &pieces] {
            let reads = reads.iter().copied();
            let outcome = if compression {
                replay::replay_compressed(role, limits, reads)
            } else {
                replay::replay(role, limits, reads)
            };
            assert_eq!(outcome, expected);
        }
    }
    // No assertion but that it ends without a panic: which read is one too many depends on the cut.
    let limits = Limits {
        max_buffered_chunks: 2,
        ..limits
    };
    replay::replay(role, limits, bytes);
}

//! Client-to-server masking, RFC 6455 §5.3: "transformed-octet-i = original-octet-i XOR
//! masking-key-octet-j", j = i MOD 4. "The same algorithm applies regardless of the direction of the
//! translation".

use super::header::KEY_LENGTH;

/// Masks or unmasks a whole payload in place.
#[inline]
pub(crate) fn apply(payload: &mut [u8], key: [u8; KEY_LENGTH]) {
    let [a, b, c, d] = key;
    // The key twice, in memory order: words are read, changed and written in the machine's own.
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    // Nothing to do: a key of zeros, also what a client keeps for its unmasked peer.
    if word == 0 {
        return;
    }
    let (words, rest) = payload.as_chunks_mut();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(word.to_ne_bytes()) {
        *byte ^= key;
    }
}

/// Masks or unmasks the next piece of a payload in place and turns `key` so that it starts with the
/// octet that the following piece starts with.
#[inline]
pub(crate) fn apply_piece(piece: &mut [u8], key: &mut [u8; KEY_LENGTH]) {
    apply(piece, *key);
    key.rotate_left(piece.len() % KEY_LENGTH);
}

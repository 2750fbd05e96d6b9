//! Judges an upgrade request, with ECMAScript's numbers, and SHA-1 (RFC 3174) and base64 (RFC 4648)
//! by the book.

use crate::protocol::handshake::{Rejection, UpgradeRequest, Version};

const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn check(request: UpgradeRequest<'_>) -> Result<Version, Rejection> {
    if request.method != "GET" {
        Err(Rejection::Method)
    } else if request.upgrade.map(str::to_lowercase) != Some("websocket".to_owned()) {
        Err(Rejection::Upgrade)
    } else if !request.key.is_some_and(is_key) {
        Err(Rejection::Key)
    } else {
        match request.version.and_then(number) {
            Some(8.0) => Ok(Version::V8),
            Some(13.0) => Ok(Version::V13),
            _ => Err(Rejection::Version),
        }
    }
}

pub(crate) fn accept_key(key: &str) -> String {
    base64(&sha1(
        format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes(),
    ))
}

fn is_key(key: &str) -> bool {
    let characters: Vec<char> = key.chars().collect();
    characters.len() == 24
        && characters[..22].iter().all(|digit| BASE64.contains(*digit))
        && characters[22..] == ['=', '=']
}

/// ECMAScript's `Number(text)` where `text` has characters up to U+00FF; `None` for NaN, and for
/// what is no number that a version could be.
fn number(text: &str) -> Option<f64> {
    let text = text.trim_matches(['\t', '\n', '\u{b}', '\u{c}', '\r', ' ', '\u{a0}']);
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if text.to_lowercase().starts_with(prefix) {
            let value = text.chars().skip(2).try_fold(0.0, |value, digit| {
                Some(value * f64::from(base) + f64::from(digit.to_digit(base)?))
            });
            return value.filter(|_| text.len() > 2);
        }
    }

    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let exponent = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.chars().all(|digit| digit.is_ascii_digit());
    let follows_grammar = are_digits(whole)
        && are_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|digits| !digits.is_empty() && are_digits(digits));
    follows_grammar.then(|| text.parse().expect("Rust's grammar is wider"))
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, index| {
            bits << 8 | usize::from(group.get(index).copied().unwrap_or(0))
        });
        for place in 0..4 {
            let digit = bits >> (18 - 6 * place) & 63;
            let digit = if place <= group.len() {
                &BASE64[digit..=digit]
            } else {
                "="
            };
            text.push_str(digit);
        }
    }
    text
}

fn sha1(message: &[u8]) -> Vec<u8> {
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((message.len() as u64 * 8).to_be_bytes());

    let mut hash: [u32; 5] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
    for block in padded.chunks(64) {
        let mut words: Vec<u32> = block
            .chunks(4)
            .map(|word| {
                word.iter()
                    .fold(0, |word, byte| word << 8 | u32::from(*byte))
            })
            .collect();
        for t in 16..80 {
            let word = words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16];
            words.push(word.rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = hash;
        for (t, word) in words.into_iter().enumerate() {
            let (f, k) = match t {
                0..20 => (b & c | !b & d, 0x5a827999),
                20..40 => (b ^ c ^ d, 0x6ed9eba1),
                40..60 => (b & c | b & d | c & d, 0x8f1bbcdc),
                _ => (b ^ c ^ d, 0xca62c1d6),
            };
            let next = [a.rotate_left(5), f, e, word, k];
            let next = next.into_iter().fold(0, u32::wrapping_add);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (sum, value) in hash.iter_mut().zip([a, b, c, d, e]) {
            *sum = sum.wrapping_add(value);
        }
    }
    hash.into_iter().flat_map(u32::to_be_bytes).collect()
}

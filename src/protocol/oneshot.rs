//! Compressing a message that refers to no other and nobody will refer to, RFC 1951.
//!
//! zlib prepares tables of 300 KiB for each message, whatever its length; most messages are far
//! shorter. Here, the tables are as long as the message needs, and the message becomes one block.
//!
//! ```text
//!   message ──► tokens: literals, and matches with what went before ──► the shortest of
//!                      counted as they are made                          stored, fixed, dynamic
//! ```

use super::block::{Frequencies, MAX_MATCH, Token, write_block};

/// Longer messages are left to zlib: positions are 16 bits here.
pub(super) const MOST_BYTES: usize = 32 * 1024;

/// The shortest match that is looked for.
const MIN_MATCH: usize = 4;

/// A match of this length is taken without looking for a longer one.
const NICE_MATCH: usize = 64;

/// One that begins a byte later is looked for behind a match that is shorter than this.
const LAZY_MATCH: usize = 32;

/// How many earlier places are tried for a match; fewer where the match at hand is good.
const CHAIN: u32 = 16;
const GOOD_MATCH: usize = 8;

const HASH_BITS_MIN: u32 = 8;
const HASH_BITS_MAX: u32 = 15;
const TABLE: usize = 1 << HASH_BITS_MAX;
const TABLE_MASK: usize = TABLE - 1;

/// The message is copied to where it can be read without asking whether there is more: places are
/// below `TEXT`, and a match may be looked at up to its end and a word beyond.
const TEXT: usize = 64 * 1024;
const TEXT_MASK: usize = TEXT - 1;
const BEYOND: usize = MAX_MATCH + 8;

/// The memory of a compressor. What one message has left there means nothing to the next.
pub(crate) struct OneShot {
    text: Box<[u8; TEXT + BEYOND]>,
    /// By hash: the last place, counted from 1, where it occurred.
    head: Box<[u16; TABLE]>,
    /// By place: the one before it with the same hash.
    previous: Box<[u16; TABLE]>,
    tokens: Vec<Token>,
}

#[derive(Clone, Copy)]
struct Match {
    length: usize,
    distance: usize,
}

impl OneShot {
    pub(crate) fn new() -> Self {
        OneShot {
            text: Box::new([0; TEXT + BEYOND]),
            head: Box::new([0; TABLE]),
            previous: Box::new([0; TABLE]),
            tokens: Vec::new(),
        }
    }

    /// Appends the compressed `message`, of at most [`MOST_BYTES`], to `output`. It refers to
    /// nothing farther away than `window` bytes.
    ///
    /// # Panics
    /// If the message is longer.
    pub(crate) fn deflate(&mut self, message: &[u8], window: usize, output: &mut Vec<u8>) {
        assert!(message.len() <= MOST_BYTES, "the message is too long");
        let mut frequencies = Frequencies::default();
        self.tokenize(message, window, &mut frequencies);
        write_block(message, &self.tokens, &frequencies, output);
    }

    fn tokenize(&mut self, message: &[u8], window: usize, frequencies: &mut Frequencies) {
        self.tokens.clear();
        self.tokens.reserve(message.len());
        let bits = (message.len().max(1).ilog2() + 1).clamp(HASH_BITS_MIN, HASH_BITS_MAX);
        self.head[..1 << bits].fill(0);
        self.text[..message.len()].copy_from_slice(message);
        let mut finder = Finder {
            text: &self.text,
            length: message.len(),
            window,
            shift: 32 - bits,
            head: &mut self.head,
            previous: &mut self.previous,
        };
        let mut at = 0;
        while at < message.len() {
            let Some(mut best) = finder.find(at, MIN_MATCH - 1, CHAIN) else {
                self.tokens.push(Token::literal(message[at]));
                frequencies.count_literal(message[at]);
                at += 1;
                continue;
            };
            // A longer match that begins one byte later is worth a literal.
            let mut begun = at + 1;
            while best.length < LAZY_MATCH {
                let chain = match best.length >= GOOD_MATCH {
                    true => CHAIN / 4,
                    false => CHAIN / 2,
                };
                let Some(next) = finder.find(begun, best.length, chain) else {
                    begun += 1;
                    break;
                };
                self.tokens.push(Token::literal(message[at]));
                frequencies.count_literal(message[at]);
                at += 1;
                begun += 1;
                best = next;
            }
            self.tokens
                .push(Token::matching(best.length, best.distance));
            frequencies.count_match(best.length, best.distance);
            for place in begun..at + best.length {
                finder.insert(place);
            }
            at += best.length;
        }
    }
}

/// Finds where what comes has been before.
struct Finder<'a> {
    text: &'a [u8; TEXT + BEYOND],
    length: usize,
    window: usize,
    shift: u32,
    head: &'a mut [u16; TABLE],
    previous: &'a mut [u16; TABLE],
}

impl Finder<'_> {
    /// Four bytes.
    #[inline(always)]
    fn word(&self, at: usize) -> u32 {
        let at = at & TEXT_MASK;
        self.text[at..]
            .first_chunk()
            .map_or(0, |word| u32::from_le_bytes(*word))
    }

    /// Remembers the place `at`; returns the one before it that looks the same, counted from 1, or
    /// 0.
    #[inline(always)]
    fn insert(&mut self, at: usize) -> usize {
        if at + MIN_MATCH > self.length {
            return 0;
        }
        let hash = self.word(at).wrapping_mul(0x9e37_79b1) >> self.shift;
        let slot = &mut self.head[hash as usize & TABLE_MASK];
        let before = *slot;
        *slot = (at + 1) as u16;
        self.previous[at & TABLE_MASK] = before;
        before.into()
    }

    /// Remembers the place `at`; returns the longest match there that is longer than `least`, of
    /// those at the last `chain` places.
    #[inline]
    fn find(&mut self, at: usize, least: usize, mut chain: u32) -> Option<Match> {
        let mut candidate = self.insert(at);
        let most = (self.length - at).min(MAX_MATCH);
        if least >= most {
            return None;
        }
        let mut length = least;
        let mut found = None;
        // A longer match has the bytes at the end of the best one in common, too.
        let mut end = self.word(at + length - 3);
        while candidate != 0 {
            let place = candidate - 1;
            let distance = at - place;
            if distance > self.window {
                break;
            }
            if self.word(place + length - 3) == end {
                let common = self.common_length(place, at, most);
                if common > length {
                    length = common;
                    found = Some(Match { length, distance });
                    if length >= most.min(NICE_MATCH) {
                        break;
                    }
                    end = self.word(at + length - 3);
                }
            }
            chain -= 1;
            if chain == 0 {
                break;
            }
            candidate = self.previous[place & TABLE_MASK].into();
        }
        found
    }

    /// How many bytes two places have in common, at most `most`.
    #[inline(always)]
    fn common_length(&self, one: usize, other: usize, most: usize) -> usize {
        let (one, other) = (one & TEXT_MASK, other & TEXT_MASK);
        let mut length = 0;
        while length < most.min(MAX_MATCH) {
            let difference = self.long_word(one + length) ^ self.long_word(other + length);
            if difference != 0 {
                return most.min(length + difference.trailing_zeros() as usize / 8);
            }
            length += 8;
        }
        most
    }

    /// Eight bytes.
    #[inline(always)]
    fn long_word(&self, at: usize) -> u64 {
        self.text[at..]
            .first_chunk()
            .map_or(0, |word| u64::from_le_bytes(*word))
    }
}

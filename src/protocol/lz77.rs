//! Finding what has been before: LZ77 as DEFLATE has it, RFC 1951 §4.
//!
//! ```text
//!   text  │ window: what was compressed before │ what is to be compressed │ free │
//!                   ▲                                  │
//!                   └── previous ◄── … ◄── head ◄──────┘ by a hash of four bytes
//! ```

use super::block::{Frequencies, MAX_MATCH, Token};

/// Bytes of the text. Places are counted from 1 where they are stored, in 16 bits.
const TEXT: usize = 64 * 1024 - 2;

/// The farthest distance, and by how much the text is moved when it is full. Places keep their slot
/// in `previous` then.
const SLIDE: usize = 32 * 1024;
const MAX_DISTANCE: usize = SLIDE - 1;

/// The text is read without asking whether there is more: up to the end of a match and a word beyond.
const MEMORY: usize = 64 * 1024 + MAX_MATCH + 8;
const PLACE_MASK: usize = 64 * 1024 - 1;

/// The shortest match that is looked for.
const MIN_MATCH: usize = 4;

/// How hard is tried to make a text short.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// How many earlier places are tried for a match.
    chain: u32,
    /// A better match that begins a byte later is looked for behind one that is shorter than this.
    lazy: usize,
    /// A match of this length is taken without looking for a longer one.
    nice: usize,
}

impl Effort {
    /// That of zlib's levels 1 to 9: about as short, with fewer places tried.
    pub(super) const LEVELS: [Effort; 9] = [
        Effort::new(4, 0, 24),
        Effort::new(6, 4, 32),
        Effort::new(8, 8, 32),
        Effort::new(10, 16, 32),
        Effort::new(16, 32, 48),
        Effort::new(32, 32, 64),
        Effort::new(48, 64, 128),
        Effort::new(192, MAX_MATCH, MAX_MATCH),
        Effort::new(1024, MAX_MATCH, MAX_MATCH),
    ];

    const fn new(chain: u32, lazy: usize, nice: usize) -> Self {
        Effort { chain, lazy, nice }
    }
}

/// Behind a match of this length fewer places are tried.
const GOOD_MATCH: usize = 8;

const HASH_BITS_MIN: u32 = 8;
/// Under Miri a table takes seconds to be cleared.
const HASH_BITS_MAX: u32 = if cfg!(miri) { 9 } else { 15 };
const TABLE: usize = 1 << 15;
const TABLE_MASK: usize = TABLE - 1;

/// A text, and where each of its parts has been before.
pub(super) struct Matcher {
    text: Box<[u8; MEMORY]>,
    /// Bytes of the text.
    length: usize,
    /// No match is farther away than this.
    window: usize,
    effort: Effort,
    /// How many earlier places are tried for a match in this text.
    chain: u32,
    /// A hash is as many bits as are left of 32.
    shift: u32,
    /// By hash: the last place where it occurred, or 0.
    head: Box<[u16; TABLE]>,
    /// By place: the one before it with the same hash.
    previous: Box<[u16; TABLE]>,
}

#[derive(Clone, Copy)]
struct Match {
    length: usize,
    distance: usize,
}

impl Matcher {
    /// One without a text. No match will be farther away than 2 to the power of `window_bits`.
    pub(super) fn new(window_bits: u8, effort: Effort) -> Self {
        Matcher {
            text: Box::new([0; MEMORY]),
            length: 0,
            window: MAX_DISTANCE.min(1 << window_bits),
            effort,
            chain: effort.chain,
            shift: 32 - HASH_BITS_MAX,
            head: Box::new([0; TABLE]),
            previous: Box::new([0; TABLE]),
        }
    }

    /// Begins with a text of which the end may be referred to. What is left of another means nothing.
    /// If only `expected` bytes will follow, tables are used that are no longer than they need be.
    pub(super) fn begin(&mut self, window: &[u8], expected: Option<usize>) {
        let window = &window[window.len().saturating_sub(SLIDE)..];
        let bits = expected.map_or(HASH_BITS_MAX, |expected| {
            let bytes = (window.len() + expected).max(1);
            (bytes.ilog2() + 1).clamp(HASH_BITS_MIN, HASH_BITS_MAX)
        });
        self.shift = 32 - bits;
        // Where there is little to look at, most is won by the first looks.
        let is_alone = window.is_empty() && expected.is_some();
        self.chain = if is_alone {
            (self.effort.chain / 2).max(1)
        } else {
            self.effort.chain
        };
        self.head[..1 << bits].fill(0);
        self.text[..window.len()].copy_from_slice(window);
        self.length = window.len();
        for at in 0..window.len() {
            self.insert(at);
        }
    }

    /// Appends a message, and what it is made of to `tokens`.
    pub(super) fn push(
        &mut self,
        mut message: &[u8],
        tokens: &mut Vec<Token>,
        frequencies: &mut Frequencies,
    ) {
        while !message.is_empty() {
            if self.length == TEXT {
                self.slide();
            }
            let (piece, rest) = message.split_at(message.len().min(TEXT - self.length));
            message = rest;
            let start = self.length;
            self.length += piece.len();
            self.text[start..self.length].copy_from_slice(piece);
            self.tokenize(start, tokens, frequencies);
        }
    }

    /// Moves the text to make room.
    fn slide(&mut self) {
        self.text.copy_within(SLIDE..self.length, 0);
        self.length -= SLIDE;
        for place in self.head.iter_mut().chain(self.previous.iter_mut()) {
            *place = place.saturating_sub(SLIDE as u16);
        }
    }

    fn tokenize(&mut self, start: usize, tokens: &mut Vec<Token>, frequencies: &mut Frequencies) {
        let (chain, lazy) = (self.chain, self.effort.lazy);
        let mut at = start;
        while at < self.length {
            let Some(mut best) = self.find(at, MIN_MATCH - 1, chain) else {
                let literal = self.text[at];
                tokens.push(Token::literal(literal));
                frequencies.count_literal(literal);
                at += 1;
                continue;
            };
            // A longer match that begins one byte later is worth a literal.
            let mut begun = at + 1;
            while best.length < lazy {
                let fewer = match best.length >= GOOD_MATCH {
                    true => chain / 4,
                    false => chain / 2,
                };
                let next = self.find(begun, best.length, fewer.max(1));
                begun += 1;
                let Some(next) = next else {
                    break;
                };
                let literal = self.text[at];
                tokens.push(Token::literal(literal));
                frequencies.count_literal(literal);
                at += 1;
                best = next;
            }
            tokens.push(Token::matching(best.length, best.distance));
            frequencies.count_match(best.length, best.distance);
            for place in begun..at + best.length {
                self.insert(place);
            }
            at += best.length;
        }
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
                    if length >= most.min(self.effort.nice) {
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
        let (one, other) = (one & PLACE_MASK, other & PLACE_MASK);
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

    /// Four bytes.
    #[inline(always)]
    fn word(&self, at: usize) -> u32 {
        self.text[at & PLACE_MASK..]
            .first_chunk()
            .map_or(0, |word| u32::from_le_bytes(*word))
    }

    /// Eight bytes.
    #[inline(always)]
    fn long_word(&self, at: usize) -> u64 {
        self.text[at..]
            .first_chunk()
            .map_or(0, |word| u64::from_le_bytes(*word))
    }
}

//! Writing tokens as a block of DEFLATE, RFC 1951 §3.2.

use super::huffman::{Code, MOST_SYMBOLS};

/// The longest match there is.
pub(super) const MAX_MATCH: usize = 258;

const DISTANCES: usize = 30;
const END_OF_BLOCK: usize = 256;
const CODE_LIMIT: usize = 15;

/// A block of fewer bits gets no code of its own: to tell it takes more than it saves.
const FEWEST_BITS: usize = 8 * 64;

/// A literal, or a match: its length << 16 | its distance.
#[derive(Clone, Copy)]
pub(super) struct Token(u32);

const LENGTH_SHIFT: u32 = 16;

impl Token {
    #[inline]
    pub(super) fn literal(byte: u8) -> Self {
        Token(byte.into())
    }

    /// `length` and `distance` are in bytes, at most [`MAX_MATCH`] and 32 KiB - 1.
    #[inline]
    pub(super) fn matching(length: usize, distance: usize) -> Self {
        Token((length << LENGTH_SHIFT | distance) as u32)
    }
}

/// How often the symbols of both alphabets occur in a block.
pub(super) struct Frequencies {
    literals: [u32; MOST_SYMBOLS],
    distances: [u32; DISTANCES],
}

impl Default for Frequencies {
    fn default() -> Self {
        let mut literals = [0; MOST_SYMBOLS];
        literals[END_OF_BLOCK] = 1;
        Frequencies {
            literals,
            distances: [0; DISTANCES],
        }
    }
}

impl Frequencies {
    #[inline]
    pub(super) fn count_literal(&mut self, byte: u8) {
        self.literals[usize::from(byte)] += 1;
    }

    #[inline]
    pub(super) fn count_match(&mut self, length: usize, distance: usize) {
        self.literals[length_symbol(length)] += 1;
        self.distances[distance_symbol(distance)] += 1;
    }
}

/// RFC 1951 §3.2.5: the first length of each symbol from 257 on, and its extra bits.
const LENGTH_BASES: [(u16, u8); 29] = {
    let mut bases = [(258, 0); 29];
    let (mut symbol, mut length) = (0, 3);
    while symbol < 28 {
        let extra = if symbol < 8 { 0 } else { symbol as u8 / 4 - 1 };
        bases[symbol] = (length, extra);
        length += 1 << extra;
        symbol += 1;
    }
    bases
};

/// The symbol of each length, less 257.
const LENGTH_SYMBOLS: [u8; MAX_MATCH + 1] = {
    let mut symbols = [0; MAX_MATCH + 1];
    let mut symbol = 0;
    while symbol < 29 {
        let (base, extra) = LENGTH_BASES[symbol];
        let mut length = base as usize;
        while length <= MAX_MATCH && length < base as usize + (1 << extra) {
            symbols[length] = symbol as u8;
            length += 1;
        }
        symbol += 1;
    }
    symbols
};

#[inline]
fn length_symbol(length: usize) -> usize {
    257 + usize::from(LENGTH_SYMBOLS[length])
}

/// RFC 1951 §3.2.5: two symbols for each number of extra bits.
#[inline]
fn distance_symbol(distance: usize) -> usize {
    let distance = distance - 1;
    match distance {
        0..4 => distance,
        _ => {
            let bits = distance.ilog2() as usize;
            2 * bits + (distance >> (bits - 1) & 1)
        }
    }
}

/// The first distance of a symbol, less 1, and its extra bits.
#[inline]
fn distance_base(symbol: usize) -> (usize, u32) {
    match symbol {
        0..4 => (symbol, 0),
        _ => {
            let extra = symbol / 2 - 1;
            ((2 + symbol % 2) << extra, extra as u32)
        }
    }
}

/// The codes of RFC 1951 §3.2.6.
static FIXED_LITERALS: Code<MOST_SYMBOLS> = {
    let mut lengths = [8; MOST_SYMBOLS];
    let mut symbol = 144;
    while symbol < 280 {
        lengths[symbol] = if symbol < 256 { 9 } else { 7 };
        symbol += 1;
    }
    Code::canonical(lengths)
};
static FIXED_DISTANCES: Code<DISTANCES> = Code::canonical([5; DISTANCES]);

/// Appends a block that is not the last, in the way in which it is shortest: `tokens`, which stand for
/// `bytes`, at most 64 KiB - 1 of them.
pub(super) fn write_block(
    bytes: &[u8],
    tokens: &[Token],
    frequencies: &Frequencies,
    bits: &mut BitWriter<'_>,
) {
    let Frequencies {
        literals,
        distances,
    } = frequencies;
    let extra = extra_bits(frequencies);
    let fixed = FIXED_LITERALS.cost(literals) + FIXED_DISTANCES.cost(distances) + extra;
    let own = (fixed >= FEWEST_BITS).then(|| {
        let literal_code = Code::new(literals, CODE_LIMIT);
        let distance_code = Code::new(distances, CODE_LIMIT);
        let header = Header::new(&literal_code, &distance_code);
        let cost = header.cost() + literal_code.cost(literals) + distance_code.cost(distances);
        (cost + extra, header, literal_code, distance_code)
    });
    let own = own.filter(|(cost, ..)| *cost < fixed);
    let stored = 8 * (bytes.len() + 5);

    if stored <= own.as_ref().map_or(fixed, |(cost, ..)| *cost) {
        // BTYPE 00; its length, and that inverted.
        bits.put(0, 3);
        bits.align();
        // Up to 40 bits wait by now, and 32 more would be too many.
        bits.flush();
        let length = bytes.len() as u16;
        bits.put(length.into(), 16);
        bits.put((!length).into(), 16);
        bits.flush();
        bits.output.extend_from_slice(bytes);
    } else if let Some((_, header, literal_code, distance_code)) = own {
        bits.put(0b100, 3);
        header.write(bits);
        bits.put_tokens(tokens, &literal_code, &distance_code);
    } else {
        bits.put(0b010, 3);
        bits.put_tokens(tokens, &FIXED_LITERALS, &FIXED_DISTANCES);
    }
    bits.spill();
}

/// Appends the empty stored block that ends a message (RFC 7692 §7.2.1), without its last four bytes.
pub(super) fn end_blocks(bits: &mut BitWriter<'_>) {
    bits.put(0, 3);
    bits.align();
    bits.flush();
}

/// Bits beside the codes themselves.
fn extra_bits(frequencies: &Frequencies) -> usize {
    let lengths = LENGTH_BASES.iter().zip(&frequencies.literals[257..]);
    let lengths = lengths.map(|((_, extra), &count)| usize::from(*extra) * count as usize);
    let distances = frequencies.distances.iter().enumerate();
    let distances =
        distances.map(|(symbol, &count)| distance_base(symbol).1 as usize * count as usize);
    lengths.sum::<usize>() + distances.sum::<usize>()
}

/// How the codes of a block are told, RFC 1951 §3.2.7.
struct Header {
    literals: usize,
    distances: usize,
    /// A symbol, and what its extra bits say.
    items: [(u8, u8); MOST_SYMBOLS + DISTANCES],
    count: usize,
    code: Code<19>,
    /// How many of the lengths of `code` are told.
    told: usize,
    frequencies: [u32; 19],
}

/// The order in which the lengths of the code for code lengths are told.
const TELLING_ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

const TELLING_LIMIT: usize = 7;

impl Header {
    fn new(literal_code: &Code<MOST_SYMBOLS>, distance_code: &Code<DISTANCES>) -> Self {
        let used = |lengths: &[u8], least: usize| {
            let last = lengths.iter().rposition(|length| *length > 0);
            last.map_or(least, |last| (last + 1).max(least))
        };
        let literals = used(&literal_code.lengths, 257);
        let distances = used(&distance_code.lengths, 1);
        let mut lengths = [0; MOST_SYMBOLS + DISTANCES];
        lengths[..literals].copy_from_slice(&literal_code.lengths[..literals]);
        lengths[literals..literals + distances]
            .copy_from_slice(&distance_code.lengths[..distances]);
        let lengths = &lengths[..literals + distances];

        let mut items = [(0, 0); MOST_SYMBOLS + DISTANCES];
        let mut count = 0;
        let mut frequencies = [0; 19];
        let mut push = |symbol: u8, extra: usize| {
            items[count] = (symbol, extra as u8);
            count += 1;
            frequencies[usize::from(symbol)] += 1;
        };
        let mut at = 0;
        while at < lengths.len() {
            let length = lengths[at];
            let run = lengths[at..].iter().take_while(|l| **l == length).count();
            at += run;
            let mut left = run;
            if length == 0 {
                while left >= 11 {
                    let repeat = left.min(138);
                    push(18, repeat - 11);
                    left -= repeat;
                }
                if left >= 3 {
                    push(17, left - 3);
                    left = 0;
                }
            } else {
                push(length, 0);
                left -= 1;
                while left >= 3 {
                    let repeat = left.min(6);
                    push(16, repeat - 3);
                    left -= repeat;
                }
            }
            for _ in 0..left {
                push(length, 0);
            }
        }
        let code = Code::new(&frequencies, TELLING_LIMIT);
        let last = TELLING_ORDER
            .iter()
            .rposition(|symbol| code.lengths[*symbol] > 0);
        Header {
            literals,
            distances,
            items,
            count,
            told: last.map_or(4, |last| (last + 1).max(4)),
            code,
            frequencies,
        }
    }

    fn cost(&self) -> usize {
        let extra = 2 * self.frequencies[16] + 3 * self.frequencies[17] + 7 * self.frequencies[18];
        5 + 5 + 4 + 3 * self.told + self.code.cost(&self.frequencies) + extra as usize
    }

    fn write(&self, bits: &mut BitWriter<'_>) {
        bits.put((self.literals - 257) as u64, 5);
        bits.put((self.distances - 1) as u64, 5);
        bits.put((self.told - 4) as u64, 4);
        bits.spill();
        for symbol in &TELLING_ORDER[..self.told] {
            bits.put(self.code.lengths[*symbol].into(), 3);
            bits.spill();
        }
        for &(symbol, extra) in &self.items[..self.count] {
            let at = usize::from(symbol);
            bits.put(self.code.bits[at].into(), self.code.lengths[at].into());
            bits.put(
                extra.into(),
                match symbol {
                    16 => 2,
                    17 => 3,
                    18 => 7,
                    _ => 0,
                },
            );
            bits.spill();
        }
    }
}

/// Writes bits, the first into the lowest of a byte.
pub(super) struct BitWriter<'a> {
    output: &'a mut Vec<u8>,
    waiting: u64,
    count: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(output: &'a mut Vec<u8>) -> Self {
        BitWriter {
            output,
            waiting: 0,
            count: 0,
        }
    }

    /// Adds `count` bits. At most 63 may wait; [`BitWriter::spill`] leaves fewer than 32.
    #[inline]
    fn put(&mut self, bits: u64, count: u32) {
        self.waiting |= bits << self.count;
        self.count += count;
    }

    #[inline]
    fn spill(&mut self) {
        if self.count >= 32 {
            self.output
                .extend_from_slice(&(self.waiting as u32).to_le_bytes());
            self.waiting >>= 32;
            self.count -= 32;
        }
    }

    /// Goes on at the beginning of a byte.
    fn align(&mut self) {
        self.count = self.count.next_multiple_of(8);
    }

    /// Writes all whole bytes.
    fn flush(&mut self) {
        while self.count >= 8 {
            self.output.push(self.waiting as u8);
            self.waiting >>= 8;
            self.count -= 8;
        }
    }

    fn put_tokens(
        &mut self,
        tokens: &[Token],
        literal_code: &Code<MOST_SYMBOLS>,
        distance_code: &Code<DISTANCES>,
    ) {
        let put = |bits: &mut Self, symbol: usize| {
            let length = literal_code.lengths[symbol];
            bits.put(literal_code.bits[symbol].into(), length.into());
        };
        for &Token(token) in tokens {
            let length = (token >> LENGTH_SHIFT) as usize;
            if length == 0 {
                put(self, token as usize & 0xff);
            } else {
                let symbol = length_symbol(length);
                let (base, extra) = LENGTH_BASES[symbol - 257];
                put(self, symbol);
                self.put((length - usize::from(base)) as u64, extra.into());
                self.spill();
                let distance = (token & 0xffff) as usize;
                let symbol = distance_symbol(distance);
                let (base, extra) = distance_base(symbol);
                let bits = distance_code.lengths[symbol];
                self.put(distance_code.bits[symbol].into(), bits.into());
                self.put((distance - 1 - base) as u64, extra);
            }
            self.spill();
        }
        put(self, END_OF_BLOCK);
        self.spill();
    }
}

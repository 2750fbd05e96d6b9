//! Decompresses bit by bit (RFC 1951), and refuses what zlib refuses. Unlike
//! `src/protocol/tests/slow_inflate.rs` it takes any bytes.

/// Why there is no more output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The next bit is missing.
    Input,
    /// A block with the BFINAL bit has ended.
    FinalBlock,
    Damaged,
    /// There is more output than was allowed.
    TooLong,
}

use End::{Damaged, FinalBlock, Input, TooLong};

pub(crate) struct Inflated {
    pub(crate) output: Vec<u8>,
    pub(crate) end: End,
    /// The farthest that anything refers back.
    pub(crate) farthest: usize,
}

/// What `bytes` are that may refer to `window`, up to `most` bytes.
pub(crate) fn inflate(window: &[u8], bytes: &[u8], most: usize) -> Inflated {
    let mut inflate = Inflate {
        bytes,
        at: 0,
        output: window.to_vec(),
        most: window.len() + most,
        farthest: 0,
    };
    let end = loop {
        match inflate.block() {
            Ok(false) => {}
            Ok(true) => break FinalBlock,
            Err(end) => break end,
        }
    };
    Inflated {
        output: inflate.output.split_off(window.len()),
        end,
        farthest: inflate.farthest,
    }
}

struct Inflate<'a> {
    bytes: &'a [u8],
    /// The next bit.
    at: usize,
    output: Vec<u8>,
    most: usize,
    farthest: usize,
}

impl Inflate<'_> {
    /// One block. Whether it was the last.
    fn block(&mut self) -> Result<bool, End> {
        // zlib looks at both at once.
        let header = self.bits(3)?;
        match header >> 1 {
            0 => self.stored()?,
            1 => {
                let mut literals = vec![8; 288];
                literals[144..256].fill(9);
                literals[256..280].fill(7);
                self.codes(&Code::new(&literals, 1)?, &Code::new(&[5; 32], 1)?)?;
            }
            2 => {
                let (literals, distances) = self.dynamic()?;
                self.codes(&literals, &distances)?;
            }
            _ => return Err(Damaged),
        }
        Ok(header & 1 == 1)
    }

    /// §3.2.4
    fn stored(&mut self) -> Result<(), End> {
        self.at = self.at.next_multiple_of(8);
        let both = self.bits(32)?;
        if both & 0xffff != !(both >> 16) & 0xffff {
            return Err(Damaged);
        }
        for _ in 0..both & 0xffff {
            let byte = self.bits(8)?;
            self.push(byte as u8)?;
        }
        Ok(())
    }

    /// §3.2.7, the codes of a block that brings its own.
    fn dynamic(&mut self) -> Result<(Code, Code), End> {
        let counts = self.bits(14)?;
        let literals = (counts & 31) + 257;
        let distances = (counts >> 5 & 31) + 1;
        if literals > 286 || distances > 30 {
            return Err(Damaged);
        }
        let mut lengths = [0; 19];
        let order = [
            16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
        ];
        for index in &order[..(counts >> 10) + 4] {
            lengths[*index] = self.bits(3)?;
        }
        if lengths == [0; 19] {
            // zlib reads every bit as a length of 0, and refuses them when it has them all.
            for _ in 0..literals + distances {
                self.bits(1)?;
            }
            return Err(Damaged);
        }
        let code = Code::new(&lengths, 0)?;

        let mut lengths: Vec<usize> = Vec::new();
        while lengths.len() < literals + distances {
            let (length, times) = match code.symbol(self)? {
                16 => {
                    let times = 3 + self.bits(2)?;
                    (*lengths.last().ok_or(Damaged)?, times)
                }
                17 => (0, 3 + self.bits(3)?),
                18 => (0, 11 + self.bits(7)?),
                length => (length, 1),
            };
            lengths.extend(std::iter::repeat_n(length, times));
        }
        if lengths.len() > literals + distances || lengths[256] == 0 {
            return Err(Damaged);
        }
        let (literals, distances) = lengths.split_at(literals);
        Ok((Code::new(literals, 1)?, Code::new(distances, 1)?))
    }

    /// §3.2.5
    fn codes(&mut self, literals: &Code, distances: &Code) -> Result<(), End> {
        loop {
            let length = match literals.symbol(self)? {
                literal @ 0..256 => {
                    self.push(literal as u8)?;
                    continue;
                }
                256 => return Ok(()),
                symbol @ 257..265 => symbol - 254,
                symbol @ 265..285 => {
                    let extra = (symbol - 261) / 4;
                    3 + ((4 + (symbol - 265) % 4) << extra) + self.bits(extra)?
                }
                285 => 258,
                _ => return Err(Damaged),
            };
            let distance = match distances.symbol(self)? {
                symbol @ 0..4 => symbol + 1,
                symbol @ 4..30 => {
                    let extra = symbol / 2 - 1;
                    1 + ((2 + symbol % 2) << extra) + self.bits(extra)?
                }
                _ => return Err(Damaged),
            };
            self.farthest = self.farthest.max(distance);
            for _ in 0..length {
                let from = self.output.len().checked_sub(distance).ok_or(Damaged)?;
                self.push(self.output[from])?;
            }
        }
    }

    fn push(&mut self, byte: u8) -> Result<(), End> {
        self.output.push(byte);
        if self.output.len() > self.most {
            return Err(TooLong);
        }
        Ok(())
    }

    fn bits(&mut self, count: usize) -> Result<usize, End> {
        let mut value = 0;
        for place in 0..count {
            let byte = self.bytes.get(self.at / 8).ok_or(Input)?;
            value |= usize::from(byte >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Ok(value)
    }
}

/// A canonical code, §3.2.2.
struct Code {
    /// How many symbols have a length.
    counts: [usize; 16],
    /// The symbols that have one, by length.
    symbols: Vec<usize>,
    is_incomplete: bool,
}

impl Code {
    /// A code with these lengths. It may be incomplete only if none is longer than `incomplete`
    /// bits: one symbol of one bit, or none.
    fn new(lengths: &[usize], incomplete: usize) -> Result<Self, End> {
        let mut counts = [0; 16];
        let mut symbols = Vec::new();
        // In 2^-15ths: what a complete code has in all.
        let mut space = 1 << 15;
        for length in 1..16 {
            let with_it = lengths.iter().enumerate().filter(|(_, l)| **l == length);
            symbols.extend(with_it.map(|(symbol, _)| symbol));
            counts[length] = symbols.len() - counts[..length].iter().sum::<usize>();
            space -= counts[length] as isize * (1 << (15 - length));
        }
        let longest = lengths.iter().max().copied().unwrap_or(0);
        if space < 0 || space > 0 && longest > incomplete {
            return Err(Damaged);
        }
        Ok(Code {
            counts,
            symbols,
            is_incomplete: space > 0,
        })
    }

    fn symbol(&self, input: &mut Inflate<'_>) -> Result<usize, End> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code = code << 1 | input.bits(1)?;
            if code < first + count {
                return Ok(self.symbols[index + code - first]);
            }
            if self.is_incomplete {
                break;
            }
            index += count;
            first = (first + count) << 1;
        }
        Err(Damaged)
    }
}

//! The slow twin of the decompressor, written for clarity (RFC 1951). Also used by the fuzz targets.

/// What a message is that may refer to `window`, and the farthest distance in it.
///
/// # Panics
/// If it is no compressed message.
pub(crate) fn inflate(bytes: &[u8], window: &[u8]) -> (Vec<u8>, usize) {
    let mut bits = Bits { bytes, at: 0 };
    let mut output = window.to_vec();
    let mut farthest = 0;
    // The tail is not there: the last block is the beginning of an empty stored one.
    while bits.at + 3 <= bytes.len() * 8 {
        bits.take(1);
        match bits.take(2) {
            0 => {
                bits.at = bits.at.next_multiple_of(8);
                if bits.at == bytes.len() * 8 {
                    break;
                }
                let length = bits.take(16);
                bits.take(16);
                output.extend((0..length).map(|_| bits.take(8) as u8));
            }
            1 => {
                let mut lengths = vec![8; 288];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                codes(&mut bits, &lengths, &[5; 30], &mut output, &mut farthest);
            }
            _ => {
                let [literals, distances, count] =
                    [bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4];
                let mut order = [0; 19];
                for index in [
                    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
                ]
                .into_iter()
                .take(count)
                {
                    order[index] = bits.take(3);
                }
                let mut lengths = Vec::new();
                while lengths.len() < literals + distances {
                    let (value, times) = match bits.symbol(&order) {
                        16 => (lengths[lengths.len() - 1], 3 + bits.take(2)),
                        17 => (0, 3 + bits.take(3)),
                        18 => (0, 11 + bits.take(7)),
                        length => (length, 1),
                    };
                    lengths.extend(std::iter::repeat_n(value, times));
                }
                let (literals, distances) = lengths.split_at(literals);
                codes(&mut bits, literals, distances, &mut output, &mut farthest);
            }
        }
    }
    (output[window.len()..].to_vec(), farthest)
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> usize {
        (0..count).fold(0, |value, place| {
            let bit = self.bytes[self.at / 8] >> (self.at % 8) & 1;
            self.at += 1;
            value | usize::from(bit) << place
        })
    }

    /// The next symbol of the canonical code whose symbols have these lengths.
    fn symbol(&mut self, lengths: &[usize]) -> usize {
        let (mut code, mut first) = (0, 0);
        for length in 1..16 {
            code = code << 1 | self.take(1);
            let count = lengths.iter().filter(|other| **other == length).count();
            if code < first + count {
                let symbols = lengths.iter().enumerate();
                let mut symbols = symbols.filter(|(_, other)| **other == length);
                return symbols.nth(code - first).expect("counted").0;
            }
            first = (first + count) << 1;
        }
        panic!("not a code");
    }
}

fn codes(
    bits: &mut Bits<'_>,
    literals: &[usize],
    distances: &[usize],
    output: &mut Vec<u8>,
    farthest: &mut usize,
) {
    loop {
        let symbol = bits.symbol(literals);
        match symbol {
            0..256 => output.push(symbol as u8),
            256 => return,
            _ => {
                let length = match symbol - 257 {
                    28 => 258,
                    code @ 0..8 => 3 + code,
                    code => {
                        let extra = code / 4 - 1;
                        3 + ((4 + code % 4) << extra) + bits.take(extra)
                    }
                };
                let distance = match bits.symbol(distances) {
                    code @ 0..4 => 1 + code,
                    code => {
                        let extra = code / 2 - 1;
                        1 + ((2 + code % 2) << extra) + bits.take(extra)
                    }
                };
                *farthest = distance.max(*farthest);
                for _ in 0..length {
                    output.push(output[output.len() - distance]);
                }
            }
        }
    }
}

//! Prefix codes for DEFLATE, RFC 1951 §3.2.2.

/// The most symbols that an alphabet has: literals and lengths.
pub(super) const MOST_SYMBOLS: usize = 288;

/// The longest code, in bits.
const MOST_BITS: usize = 15;

/// A symbol's number fits into this many bits.
const SYMBOL_BITS: u32 = 9;

/// A prefix code for `N` symbols: for each how many bits, and which, the first to be written lowest.
#[derive(Clone)]
pub(super) struct Code<const N: usize> {
    pub(super) lengths: [u8; N],
    pub(super) bits: [u16; N],
}

impl<const N: usize> Code<N> {
    /// The code that makes a text with these `frequencies` shortest, if no symbol may have more than
    /// `limit` bits. Two symbols at least have one, even if they do not occur: not every
    /// decompressor takes a code of fewer.
    pub(super) fn new(frequencies: &[u32; N], limit: usize) -> Self {
        let mut keys = [0; MOST_SYMBOLS];
        let mut count = 0;
        for (symbol, &frequency) in frequencies.iter().enumerate() {
            if frequency > 0 {
                keys[count] = frequency << SYMBOL_BITS | symbol as u32;
                count += 1;
            }
        }
        let mut unused = 0;
        while count < 2 {
            if frequencies[unused] == 0 {
                keys[count] = 1 << SYMBOL_BITS | unused as u32;
                count += 1;
            }
            unused += 1;
        }
        let keys = &mut keys[..count];
        keys.sort_unstable();
        let mut depths = [0; MOST_SYMBOLS];
        let depths = &mut depths[..count];
        for (depth, key) in depths.iter_mut().zip(&*keys) {
            *depth = key >> SYMBOL_BITS;
        }
        minimum_redundancy(depths);
        let mut counts = limited(depths, limit);
        let mut lengths = [0; N];
        // The rarest symbols get the longest codes.
        let mut length = limit;
        for key in keys {
            while counts[length] == 0 {
                length -= 1;
            }
            counts[length] -= 1;
            lengths[(*key & ((1 << SYMBOL_BITS) - 1)) as usize] = length as u8;
        }
        Self::canonical(lengths)
    }

    /// The code whose symbols have these lengths.
    pub(super) const fn canonical(lengths: [u8; N]) -> Self {
        let mut counts = [0u16; MOST_BITS + 1];
        let mut symbol = 0;
        while symbol < N {
            counts[lengths[symbol] as usize] += 1;
            symbol += 1;
        }
        counts[0] = 0;
        let mut next = [0u16; MOST_BITS + 2];
        let mut length = 1;
        while length <= MOST_BITS {
            next[length + 1] = (next[length] + counts[length]) << 1;
            length += 1;
        }
        let mut bits = [0; N];
        let mut symbol = 0;
        while symbol < N {
            let length = lengths[symbol] as usize;
            if length > 0 {
                bits[symbol] = next[length].reverse_bits() >> (16 - length);
                next[length] += 1;
            }
            symbol += 1;
        }
        Code { lengths, bits }
    }

    /// How many bits a text with these frequencies has.
    pub(super) fn cost(&self, frequencies: &[u32; N]) -> usize {
        let pairs = self.lengths.iter().zip(frequencies);
        pairs
            .map(|(&length, &frequency)| usize::from(length) * frequency as usize)
            .sum()
    }
}

/// Replaces two or more frequencies, in ascending order, by the lengths of their codes (Moffat and
/// Katajainen, "In-place calculation of minimum-redundancy codes", 1995).
fn minimum_redundancy(values: &mut [u32]) {
    let count = values.len();
    // Where the two lightest trees are joined, the slot holds their weight, and later the parent.
    let (mut root, mut leaf) = (0, 0);
    for next in 0..count - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            if leaf >= count || (root < next && values[root] < values[leaf]) {
                weight += values[root];
                values[root] = next as u32;
                root += 1;
            } else {
                weight += values[leaf];
                leaf += 1;
            }
        }
        values[next] = weight;
    }
    // Parents become depths of inner nodes.
    values[count - 2] = 0;
    for next in (0..count - 2).rev() {
        values[next] = values[values[next] as usize] + 1;
    }
    // Depths of inner nodes become depths of leaves.
    let (mut available, mut depth) = (1, 0);
    let (mut inner, mut next) = (count - 1, count);
    while available > 0 {
        let mut used = 0;
        while inner > 0 && values[inner - 1] == depth {
            used += 1;
            inner -= 1;
        }
        while available > used {
            next -= 1;
            values[next] = depth;
            available -= 1;
        }
        available = 2 * used;
        depth += 1;
    }
}

/// How many codes of each length there are, none longer than `limit`.
fn limited(depths: &[u32], limit: usize) -> [u32; MOST_BITS + 1] {
    let mut counts = [0; MOST_BITS + 1];
    // In units of the longest code: what all codes take of the space there is.
    let mut taken = 0;
    for &depth in depths {
        let length = (depth as usize).min(limit);
        counts[length] += 1;
        taken += 1 << (limit - length);
    }
    while taken > 1 << limit {
        // One that is too long moves below a shorter one, which becomes longer by a bit.
        let mut length = limit - 1;
        while counts[length] == 0 {
            length -= 1;
        }
        counts[length] -= 1;
        counts[length + 1] += 2;
        counts[limit] -= 1;
        taken -= 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::tests::sample;

    /// Kraft's sum in units of the longest code.
    fn taken<const N: usize>(code: &Code<N>, limit: usize) -> usize {
        let used = code.lengths.iter().filter(|length| **length > 0);
        used.map(|&length| 1 << (limit - usize::from(length))).sum()
    }

    #[test]
    fn the_example_of_rfc_1951_has_its_codes() {
        // §3.2.2, read from the lowest bit.
        let code = Code::canonical([3, 3, 3, 3, 3, 2, 4, 4]);
        let bits = [0b010, 0b110, 0b001, 0b101, 0b011, 0b00, 0b0111, 0b1111];
        assert_eq!(code.bits, bits);
    }

    #[test]
    fn every_code_is_complete_and_within_its_limit() {
        let mut state = 1u32;
        for round in sample(100, 0..2000) {
            let mut frequencies = [0; 19];
            for frequency in &mut frequencies {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *frequency = match round % 3 {
                    0 => state >> 30,
                    1 => 1 << (state >> 28),
                    _ => state >> 20,
                };
            }
            let code = Code::new(&frequencies, 7);
            assert_eq!(taken(&code, 7), 1 << 7, "{frequencies:?}");
            for (&length, &frequency) in code.lengths.iter().zip(&frequencies) {
                assert!(length <= 7 && (frequency == 0 || length > 0));
            }
        }
    }

    #[test]
    fn it_is_as_short_as_a_code_can_be() {
        // Frequencies as Fibonacci's numbers make the deepest tree.
        let frequencies = [1, 1, 2, 3, 5, 8, 13, 21];
        let code = Code::new(&frequencies, 15);
        assert_eq!(code.lengths, [7, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(Code::new(&[5, 5, 5, 5], 15).lengths, [2, 2, 2, 2]);
        assert_eq!(code.cost(&frequencies), 7 + 7 + 12 + 15 + 20 + 24 + 26 + 21);
    }

    #[test]
    fn two_symbols_have_a_code_even_if_none_occurs() {
        assert_eq!(Code::new(&[0, 0, 0], 15).lengths, [1, 1, 0]);
        assert_eq!(Code::new(&[9, 0, 0], 15).lengths, [1, 1, 0]);
        assert_eq!(Code::new(&[0, 0, 9], 15).lengths, [1, 0, 1]);
    }
}

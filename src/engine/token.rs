//! How a connection is named.

/// Names a connection: a slot of the slab, and which of its successive users is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) slot: u32,
    /// 24 bits.
    pub(crate) generation: u32,
}

impl Token {
    pub(crate) const GENERATION_MASK: u32 = 0x00ff_ffff;

    /// The second field of a record: the generation, and a byte.
    pub(crate) fn tag(self, byte: u8) -> i32 {
        (self.generation << 8 | u32::from(byte)) as i32
    }

    /// The token and the byte of a record that begins with `slot` and `tag`.
    pub(crate) fn from_record(slot: i32, tag: i32) -> (Token, u8) {
        let token = Token {
            slot: slot as u32,
            generation: tag as u32 >> 8,
        };
        (token, tag as u8)
    }
}

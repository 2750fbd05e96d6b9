//! What leaves a connection that is over a JavaScript stream.

use super::token::Token;

/// What a stream has to write.
#[derive(Default)]
pub(crate) struct Output {
    pub(super) bytes: Vec<u8>,
    /// Bytes at the front that the stream has been given.
    pub(super) taken: usize,
    /// How many of the writes in `bytes` asked to be told of their completion.
    pub(super) marks: usize,
    /// The stream is to be ended after `bytes`.
    pub(super) end: bool,
    /// It is in the list of those with something to take.
    pub(super) listed: bool,
}

impl Output {
    /// Bytes that the stream has not been given.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.taken
    }
}

/// What a stream is given to write, of which the bytes were copied to the caller's memory.
pub(crate) struct Taken {
    pub(crate) token: Token,
    pub(crate) length: usize,
    pub(crate) marks: usize,
    pub(crate) end: bool,
}

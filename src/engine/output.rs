//! What leaves a connection that is over a JavaScript stream.

/// What a stream has to write.
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) bytes: Vec<u8>,
    /// How many of the writes in `bytes` asked to be told of their completion.
    pub(crate) marks: usize,
    /// The stream is to be ended after `bytes`.
    pub(crate) end: bool,
    /// It is in the list of those with something to take.
    pub(super) listed: bool,
}

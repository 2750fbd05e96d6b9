//! Limits on what a peer may make us hold, RFC 6455 §10.4.

/// What one connection accepts from its peer; the defaults are ws's.
///
/// Each limit is checked *before* memory is spent: on a declared length, on a header, on a read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of one message, the sum of its fragments; 0 means no limit.
    pub(crate) max_payload: u64,
    /// Frames of one message; 0 means no limit.
    pub(crate) max_fragments: u32,
    /// Reads of the transport that one unfinished frame may take; 0 means no limit.
    pub(crate) max_buffered_chunks: u32,
    /// Takes text messages and close reasons as they come.
    pub(crate) skip_utf8_validation: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_payload: 100 * 1024 * 1024,
            max_fragments: 16 * 1024,
            max_buffered_chunks: 256 * 1024,
            skip_utf8_validation: false,
        }
    }
}

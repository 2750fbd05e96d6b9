//! The LZ77 sliding window between two messages, RFC 7692 §7.1.1: all that "context takeover" takes
//! over.

/// The smallest and the largest window that can be agreed on, as the base-2 logarithm of its size in
/// bytes (RFC 7692 §7.1.2).
pub(crate) const MIN_WINDOW_BITS: u8 = 8;
pub(crate) const MAX_WINDOW_BITS: u8 = 15;

/// The last bytes of the messages that went one way, uncompressed: what the next message may refer
/// to. It is as long as what was sent, up to the size agreed on; a whole zlib state is ten times as
/// large.
pub(crate) struct Window {
    bytes: Vec<u8>,
    bits: u8,
}

impl Window {
    /// An empty window of at most 2 to the power of `bits` bytes, which owns no memory.
    pub(crate) fn new(bits: u8) -> Self {
        Window {
            bytes: Vec::new(),
            bits: bits.clamp(MIN_WINDOW_BITS, MAX_WINDOW_BITS),
        }
    }

    fn size(&self) -> usize {
        1 << self.bits
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.bytes.len().saturating_sub(self.size())..]
    }

    /// A message has passed.
    pub(crate) fn push(&mut self, message: &[u8]) {
        let size = self.size();
        if message.len() >= size {
            self.bytes.clear();
            self.bytes.reserve_exact(size);
            self.bytes
                .extend_from_slice(&message[message.len() - size..]);
            return;
        }
        // Dropping the oldest moves the others, so it is done once for a quarter of the window.
        if self.bytes.len() + message.len() > size + size / 4 {
            let kept = size - message.len();
            let dropped = self.bytes.len().saturating_sub(kept);
            self.bytes.drain(..dropped);
        }
        let needed = self.bytes.len() + message.len();
        if needed > self.bytes.capacity() {
            // Doubling, but not beyond what will ever be needed.
            let capacity = (needed * 2).min(size + size / 4);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(message);
    }

    /// Forgets all bytes.
    pub(crate) fn clear(&mut self) {
        self.bytes = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use crate::protocol::tests::sample;

    #[test]
    fn it_holds_the_end_of_what_has_passed_however_it_was_cut() {
        let length = if cfg!(miri) { 2000 } else { 10_000 };
        let passed: Vec<u8> = (0..length).map(|i| ((i * 31) >> 3) as u8).collect();
        for step in sample(3, [length, 1000, 257, 256, 255, 100, 7, 1]) {
            let mut window = Window::new(8);
            let mut seen = 0;
            for message in passed.chunks(step) {
                window.push(message);
                seen += message.len();
                let start = seen.saturating_sub(256);
                assert_eq!(window.bytes(), &passed[start..seen], "{step} {seen}");
                assert!(
                    window.bytes.capacity() <= 320,
                    "{}",
                    window.bytes.capacity()
                );
            }
        }
    }

    #[test]
    fn it_owns_no_memory_before_the_first_message_nor_after_it_was_cleared() {
        let mut window = Window::new(15);
        assert_eq!(window.bytes.capacity(), 0);
        window.push(b"message");
        assert!(window.bytes.capacity() < 64);
        window.clear();
        assert_eq!(window.bytes.capacity(), 0);
        assert_eq!(window.bytes(), b"");
    }
}

//! Bytes that were received and not decoded yet.

/// A queue of bytes that is filled at its end and emptied at its front, in time linear to what
/// passes through it. Empty, it owns no memory.
#[derive(Default)]
pub(crate) struct Pending {
    bytes: Vec<u8>,
    /// Bytes at the front that are used up.
    used: usize,
}

impl Pending {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.used
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it holds.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.used..]
    }

    /// Adds bytes at the end.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        if self.used > self.len() {
            self.bytes.drain(..self.used);
            self.used = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Forgets the first `count` bytes.
    pub(crate) fn consume(&mut self, count: usize) {
        self.used += count;
        if self.is_empty() {
            self.clear();
        }
    }

    /// Forgets all bytes.
    pub(crate) fn clear(&mut self) {
        *self = Pending::default();
    }

    /// Holds `bytes` and nothing else.
    pub(crate) fn replace(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            self.clear();
        } else {
            self.bytes.clear();
            self.used = 0;
            self.bytes.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_consumed_in_any_steps_is_what_was_added() {
        let mut pending = Pending::default();
        let mut taken = Vec::new();
        let mut added = Vec::new();
        for round in 0..100usize {
            let bytes: Vec<u8> = (0..round * 7 % 50).map(|i| (round + i) as u8).collect();
            pending.extend(&bytes);
            added.extend(bytes);
            let count = (round * 13 % 40).min(pending.len());
            taken.extend_from_slice(&pending.bytes()[..count]);
            pending.consume(count);
        }
        taken.extend_from_slice(pending.bytes());
        assert_eq!(taken, added);
        pending.clear();
        assert!(pending.is_empty() && pending.bytes.capacity() == 0);
    }

    #[test]
    fn replacing_forgets_what_was_there() {
        let mut pending = Pending::default();
        pending.extend(b"abcdef");
        pending.consume(2);
        pending.replace(b"xy");
        assert_eq!(pending.bytes(), b"xy");
        pending.replace(b"");
        assert!(pending.is_empty());
    }
}

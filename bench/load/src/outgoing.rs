//! What a connection sends: one prepared frame, again and again.

use std::io::{ErrorKind, Write};

use crate::failure::{Failure, Outcome};

/// All messages of a connection are the same frame, so what it sends is a
/// periodic stream of bytes, of which `burst` holds a few periods:
///
/// ```text
/// burst   │frame│frame│frame│frame│
///            ▲───────── unsent ──
///          phase
/// ```
pub struct Outgoing {
    burst: Vec<u8>,
    frame_len: usize,
    /// Bytes of the current frame that the stream has taken already.
    phase: usize,
    /// Bytes that are still to be sent.
    unsent: usize,
    /// Whether the stream has taken bytes that it cannot pass on now.
    held: bool,
}

impl Outgoing {
    /// At most `frames` frames leave in one write.
    pub fn new(frame: &[u8], frames: usize) -> Self {
        Self {
            burst: frame.repeat(frames),
            frame_len: frame.len(),
            phase: 0,
            unsent: 0,
            held: false,
        }
    }

    /// Whether a flush has left something.
    #[inline]
    pub fn is_blocked(&self) -> bool {
        self.unsent > 0 || self.held
    }

    /// Adds `count` frames to what is to be sent.
    #[inline]
    pub fn push(&mut self, count: usize) {
        self.unsent += count * self.frame_len;
    }

    /// Writes until nothing is left or the stream refuses.
    #[inline]
    pub fn flush(&mut self, stream: &mut impl Write) -> Outcome<()> {
        while self.unsent > 0 {
            let end = self.burst.len().min(self.phase + self.unsent);
            match stream.write(&self.burst[self.phase..end]) {
                Ok(count) => {
                    self.unsent -= count;
                    self.phase = (self.phase + count) % self.frame_len;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::new(format!("write: {error}"))),
            }
        }
        loop {
            match stream.flush() {
                Ok(()) => self.held = false,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.held = true,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Failure::new(format!("write: {error}"))),
            }
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// Takes `room` bytes, a few at a time; what it took leaves if it is `open`.
    struct Sink {
        taken: Vec<u8>,
        room: usize,
        open: bool,
    }

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.room).min(7);
            if count == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.taken.extend_from_slice(&bytes[..count]);
            self.room -= count;
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            if self.open {
                Ok(())
            } else {
                Err(ErrorKind::WouldBlock.into())
            }
        }
    }

    #[test]
    fn frames_stay_whole_wherever_the_stream_refuses() {
        let frame = b"0123456789";
        for room in 0..=60 {
            let mut sink = Sink {
                taken: Vec::new(),
                room,
                open: true,
            };
            let mut outgoing = Outgoing::new(frame, 3);
            outgoing.push(6);
            outgoing.flush(&mut sink).expect("refused at most");
            assert_eq!(outgoing.is_blocked(), room < 60);
            sink.room = usize::MAX;
            outgoing.flush(&mut sink).expect("refused at most");
            assert!(!outgoing.is_blocked());
            assert_eq!(sink.taken, frame.repeat(6));
        }
    }

    #[test]
    fn is_blocked_while_the_stream_holds_bytes_back() {
        let mut sink = Sink {
            taken: Vec::new(),
            room: usize::MAX,
            open: false,
        };
        let mut outgoing = Outgoing::new(b"frame", 1);
        outgoing.push(1);
        outgoing.flush(&mut sink).expect("refused at most");
        assert!(outgoing.is_blocked());
        sink.open = true;
        outgoing.flush(&mut sink).expect("refused at most");
        assert!(!outgoing.is_blocked());
    }
}

//! A client connection: prepared frames out, checked messages in.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use crate::failure::{Failure, Outcome};
use crate::frame;
use crate::receiver::{Expectation, Found, Receiver};

/// Bytes taken by one read.
pub const READ_LEN: usize = 256 * 1024;

/// All messages of a connection are the same frame, so what it sends is a
/// periodic stream of bytes, of which `burst` holds `depth` periods:
///
/// ```text
/// burst   │frame│frame│frame│frame│
///            ▲───────── unsent ──
///          phase
/// ```
pub struct Connection {
    stream: TcpStream,
    receiver: Receiver,
    burst: Vec<u8>,
    frame_len: usize,
    /// Bytes of the current frame that the kernel has taken already.
    phase: usize,
    /// Bytes that are still to be sent.
    unsent: usize,
    /// When the messages that have not come back were sent, oldest first.
    sent_at: VecDeque<Instant>,
    pub sent: u64,
    pub received: u64,
}

impl Connection {
    /// Connection number `number` on a stream after the handshake.
    pub fn new(stream: TcpStream, number: usize, depth: usize, expectation: &Expectation) -> Self {
        let payload = &expectation.payload;
        let frame = frame::encode(payload.opcode, &payload.of(number));
        Self {
            stream,
            receiver: Receiver::new(number),
            burst: frame.repeat(depth),
            frame_len: frame.len(),
            phase: 0,
            unsent: 0,
            sent_at: VecDeque::with_capacity(depth),
            sent: 0,
            received: 0,
        }
    }

    pub fn socket(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// Whether the kernel has refused bytes.
    #[inline]
    pub fn is_blocked(&self) -> bool {
        self.unsent > 0
    }

    /// Sends `count` messages, by one write unless the kernel refuses some.
    #[inline]
    pub fn send(&mut self, count: usize, now: Instant) -> Outcome<()> {
        self.sent += count as u64;
        self.sent_at.extend(std::iter::repeat_n(now, count));
        let was_blocked = self.is_blocked();
        self.unsent += count * self.frame_len;
        // A blocked connection goes on when epoll says that it is writable.
        if was_blocked { Ok(()) } else { self.flush() }
    }

    /// Writes until nothing is left or the kernel refuses.
    pub fn flush(&mut self) -> Outcome<()> {
        while self.unsent > 0 {
            let end = self.burst.len().min(self.phase + self.unsent);
            match self.stream.write(&self.burst[self.phase..end]) {
                Ok(count) => {
                    self.unsent -= count;
                    self.phase = (self.phase + count) % self.frame_len;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::new(format!("write: {error}"))),
            }
        }
        Ok(())
    }

    /// One read of what has arrived. `buffer` is shared by all connections.
    ///
    /// # Errors
    ///
    /// Wrong messages, and the end of the connection.
    #[inline]
    pub fn receive(
        &mut self,
        buffer: &mut [u8],
        expectation: &Expectation,
        thorough: bool,
    ) -> Outcome<Found> {
        let carried = self.receiver.take_carry(buffer);
        let count = match self.stream.read(&mut buffer[carried..]) {
            Ok(0) => return Err(Failure::new("the server ended a connection")),
            Ok(count) => count,
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                0
            }
            Err(error) => return Err(Failure::new(format!("read: {error}"))),
        };
        let bytes = &buffer[..carried + count];
        let found = self.receiver.scan(bytes, expectation, thorough)?;
        if let Some(code) = found.close {
            return Err(Failure::new(format!("the server closed with {code}")));
        }
        self.received += found.messages as u64;
        Ok(found)
    }

    /// When the oldest message that has not come back was sent; it counts as
    /// come back from now on.
    #[inline]
    pub fn pop_sent_at(&mut self) -> Outcome<Instant> {
        self.sent_at
            .pop_front()
            .ok_or_else(|| Failure::new("more messages came back than were sent"))
    }
}

//! A client connection: prepared frames out, checked messages in.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use crate::failure::{Failure, Outcome};
use crate::frame;
use crate::outgoing::Outgoing;
use crate::receiver::{Expectation, Found, Receiver};
use crate::stream::Stream;

/// Bytes taken by one read.
pub const READ_LEN: usize = 256 * 1024;

pub struct Connection {
    stream: Stream,
    receiver: Receiver,
    outgoing: Outgoing,
    /// When the messages that have not come back were sent, oldest first.
    sent_at: VecDeque<Instant>,
    pub sent: u64,
    pub received: u64,
}

impl Connection {
    /// Connection number `number` on a stream after the handshake. Each message is
    /// sent in `fragments` frames.
    pub fn new(
        stream: Stream,
        number: usize,
        depth: usize,
        fragments: usize,
        expectation: &Expectation,
    ) -> Self {
        let payload = &expectation.payload;
        let frame = frame::encode_fragmented(payload.opcode, &payload.of(number), fragments);
        Self {
            stream,
            receiver: Receiver::new(number),
            outgoing: Outgoing::new(&frame, depth),
            sent_at: VecDeque::with_capacity(depth),
            sent: 0,
            received: 0,
        }
    }

    pub fn socket(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// Whether there are bytes that the stream could not take.
    #[inline]
    pub fn is_blocked(&self) -> bool {
        self.outgoing.is_blocked()
    }

    /// Sends `count` messages, by one write unless the kernel refuses some.
    #[inline]
    pub fn send(&mut self, count: usize, now: Instant) -> Outcome<()> {
        self.sent += count as u64;
        self.sent_at.extend(std::iter::repeat_n(now, count));
        let was_blocked = self.is_blocked();
        self.outgoing.push(count);
        // A blocked connection goes on when epoll says that it is writable.
        if was_blocked { Ok(()) } else { self.flush() }
    }

    /// Writes until nothing is left or the kernel refuses.
    #[inline]
    pub fn flush(&mut self) -> Outcome<()> {
        self.outgoing.flush(&mut self.stream)
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

//! Connections over sockets of ours: an epoll instance says which of them can be read or written.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Waker};
use socket2::Socket;

use super::connection::{Connection, Settings, Side, Transport};
use super::guess::Guess;
use super::reactor::Reactor;
use super::token::Token;

/// Events fetched by one system call.
const EVENTS: usize = 1024;

/// The token of the waker; no slot reaches it.
const WAKER: mio::Token = mio::Token(usize::MAX);

/// The epoll instance that watches the sockets of a reactor.
pub(super) struct Poller {
    poll: Poll,
    events: Events,
    waker: Arc<Waker>,
    guess: Guess,
}

/// Urgent data is asked for because it ends a read early.
#[cfg(not(miri))]
const READING: Interest = Interest::READABLE.add(Interest::PRIORITY);
/// Miri has no urgent data.
#[cfg(miri)]
const READING: Interest = Interest::READABLE;

/// It is not changed as long as events are asked for: an edge-triggered write event costs nothing until
/// the kernel has refused a write.
const INTEREST: Interest = READING.add(Interest::WRITABLE);

impl Poller {
    fn register(&self, descriptor: RawFd, token: Token) -> io::Result<()> {
        let registry = self.poll.registry();
        registry.register(&mut SourceFd(&descriptor), name(token), INTEREST)
    }

    /// Has the next turn be told again what a socket is ready for: whether it can be read, and if
    /// `writing` whether it can be written. Returns whether that succeeds, as it does unless memory is
    /// short.
    pub(super) fn watch(&self, socket: &Socket, token: Token, writing: bool) -> bool {
        let descriptor = socket.as_raw_fd();
        let interest = if writing { INTEREST } else { READING };
        let registry = self.poll.registry();
        registry
            .reregister(&mut SourceFd(&descriptor), name(token), interest)
            .is_ok()
    }

    /// Stops watching a socket that is about to be closed.
    pub(super) fn deregister(&self, socket: &Socket) {
        let registry = self.poll.registry();
        let _ = registry.deregister(&mut SourceFd(&socket.as_raw_fd()));
    }
}

fn name(token: Token) -> mio::Token {
    mio::Token(token.slot as usize | (token.generation as usize) << 32)
}

fn named(name: mio::Token) -> Token {
    Token {
        slot: name.0 as u32,
        generation: (name.0 >> 32) as u32 & Token::GENERATION_MASK,
    }
}

/// The connection whose event is the only one.
fn only(events: &Events) -> Option<Token> {
    let mut all = events.iter();
    match (all.next(), all.next()) {
        (Some(event), None) if event.token() != WAKER => Some(named(event.token())),
        _ => None,
    }
}

impl<P> Reactor<P> {
    /// Makes it a reactor that can take sockets in, too. Returns the descriptor that is readable
    /// when a turn is due.
    ///
    /// # Errors
    /// What the operating system says to a new epoll instance.
    pub(crate) fn watch_sockets(&mut self) -> io::Result<RawFd> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let notified = Arc::clone(&waker);
        self.notify_by(Arc::new(move || {
            // As in `wake`.
            let _ = notified.wake();
        }));
        let descriptor = poll.as_raw_fd();
        self.poller = Some(Poller {
            poll,
            events: Events::with_capacity(EVENTS),
            waker,
            guess: Guess::default(),
        });
        Ok(descriptor)
    }

    /// Takes a connected socket in. `head` is what was received from it already.
    ///
    /// # Errors
    /// What the operating system says to its registration; [`io::ErrorKind::Unsupported`] before
    /// [`Reactor::watch_sockets`].
    pub(crate) fn add(
        &mut self,
        socket: Socket,
        settings: Settings,
        head: &[u8],
    ) -> io::Result<Token> {
        let descriptor = socket.as_raw_fd();
        let mut connection = Connection::new(Transport::Socket(socket), settings, self.now());
        if !head.is_empty() {
            connection.take_chunk(head);
        }
        let token = self.insert(connection);
        let registered = match &self.poller {
            Some(poller) => poller.register(descriptor, token),
            None => Err(io::ErrorKind::Unsupported.into()),
        };
        if let Err(error) = registered {
            self.connections.remove(token.slot as usize);
            return Err(error);
        }
        self.referenced += 1;
        // Registration reports at once that the socket is writable, and whether it is readable: a turn
        // follows by itself, and reads it. Only what has arrived with the handshake is there already.
        self.enqueue(token.slot);
        Ok(token)
    }

    /// Fetches what the operating system has to report, or guesses it, and writes what was refused before.
    ///
    /// # Errors
    /// What epoll says; never [`io::ErrorKind::Interrupted`].
    pub(crate) fn poll(&mut self) -> io::Result<()> {
        if self.guess() {
            return Ok(());
        }
        let Some(poller) = &mut self.poller else {
            return Ok(());
        };
        let mut events = std::mem::replace(&mut poller.events, Events::with_capacity(0));
        let result = poller.poll.poll(&mut events, Some(Duration::ZERO));
        if result.is_ok() {
            for event in &events {
                if event.token() != WAKER {
                    self.on_event(event);
                }
            }
        }
        let now = self.now();
        if let Some(poller) = &mut self.poller {
            if result.is_ok() {
                poller.guess.learn(only(&events), now);
            }
            poller.events = events;
        }
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            other => other,
        }
    }

    /// Has a connection read that is expected to have something, if there is one.
    fn guess(&mut self) -> bool {
        let now = self.now();
        let Some(poller) = &mut self.poller else {
            return false;
        };
        let Some(token) = poller.guess.candidate(now) else {
            return false;
        };
        let Some(connection) = self.connections.get_mut(token.slot as usize) else {
            return false;
        };
        let flags = &mut connection.flags;
        let Transport::Socket(socket) = &connection.transport else {
            return false;
        };
        let is_meant = connection.generation == token.generation
            && !flags.read_ended
            && !flags.paused
            && connection.queue.is_empty();
        if !is_meant || !poller.guess.goes_on(connection.bytes_read) {
            return false;
        }
        // Or the instance would stay readable: what can be written stays so.
        if !flags.alone && !poller.watch(socket, token, false) {
            return false;
        }
        flags.alone = true;
        flags.readable = true;
        self.enqueue(token.slot);
        true
    }

    fn on_event(&mut self, event: &Event) {
        let token = named(event.token());
        let Some(connection) = self.get_mut(token) else {
            return;
        };
        let flags = &mut connection.flags;
        let last = event.is_read_closed()
            || event.is_write_closed()
            || event.is_error()
            || event.is_priority();
        flags.readable |= last || event.is_readable();
        flags.read_until_refused |= last;
        if event.is_error() {
            // Nothing else would tell that a paused connection is dead. As with ws, what has
            // arrived before is delivered, pause or not.
            flags.paused = false;
        }
        if event.is_writable() && !connection.queue.is_empty() {
            // A panic here would lose the events of all others.
            let drain = AssertUnwindSafe(|| self.drain_queue(token.slot));
            if catch_unwind(drain).is_err() {
                self.fail_broken(token.slot, Side::Writing);
            }
        }
        self.enqueue(token.slot);
    }

    /// Makes the descriptor readable, so that a turn follows.
    pub(crate) fn wake(&self) {
        if let Some(poller) = &self.poller {
            // The only failures are those of writing to an eventfd of our own, and there a full
            // counter means that it is readable already.
            let _ = poller.waker.wake();
        }
    }
}

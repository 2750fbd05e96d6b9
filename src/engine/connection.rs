//! One connection: a socket, the protocol's state, and what is on its way in and out.

use socket2::Socket;

use super::deflation::{DeflateSettings, Deflation};
use super::message::Message;
use super::output::Output;
use super::pending::Pending;
use super::write_queue::WriteQueue;
use crate::protocol::{self, Limits, ProtocolError, Role};

/// What is fixed about a connection when it opens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) role: Role,
    pub(crate) limits: Limits,
    /// `None` without permessage-deflate.
    pub(crate) deflate: Option<DeflateSettings>,
}

/// What moves a connection's bytes.
pub(super) enum Transport {
    /// A socket of ours.
    Socket(Socket),
    /// A JavaScript stream, which pushes what it read and takes what it has to write. Boxed, as what
    /// it needs is larger than a socket, of which there may be very many.
    Stream(Box<Output>),
    /// Nothing any more; the slot is kept until JavaScript has released it.
    Closed,
}

impl Transport {
    /// Its socket, while it is open.
    pub(super) fn socket(&self) -> Option<&Socket> {
        match self {
            Transport::Socket(socket) => Some(socket),
            Transport::Stream(_) | Transport::Closed => None,
        }
    }

    pub(super) fn socket_mut(&mut self) -> Option<&mut Socket> {
        match self {
            Transport::Socket(socket) => Some(socket),
            Transport::Stream(_) | Transport::Closed => None,
        }
    }
}

/// What is being done for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Reading,
    Writing,
}

/// A connection with payload buffers `P`. Idle, over a socket, it owns no heap memory.
pub(crate) struct Connection<P> {
    pub(super) transport: Transport,
    pub(super) generation: u32,
    pub(super) protocol: protocol::Connection,
    /// Bytes received and not decoded: part of a header or control frame, or what was left when
    /// a batch was full.
    pub(super) pending: Pending,
    pub(super) message: Message<P>,
    /// permessage-deflate, if it was agreed on; until the connection is closed.
    pub(super) deflation: Option<Box<Deflation>>,
    pub(super) queue: WriteQueue,
    pub(super) bytes_read: u64,
    pub(super) bytes_written: u64,
    /// The loop's time at which bytes last moved, in milliseconds.
    pub(super) last_activity: u64,
    /// Writes that are complete and have not been told.
    pub(super) written: usize,
    rare: Option<Box<Rare>>,
    /// Why the socket was closed, as an `errno`; 0 if nothing failed.
    pub(super) errno: i32,
    /// First and last record of the flush that is running, `NO_RECORD` outside of one.
    pub(super) first_record: u32,
    pub(super) last_record: u32,
    pub(super) flags: Flags,
}

/// What few connections have, and the others need no memory for.
#[derive(Default)]
struct Rare {
    error: Option<ProtocolError>,
    fragment_ends: Vec<u32>,
}

/// No record of the outbox.
pub(super) const NO_RECORD: u32 = u32::MAX;

/// What is true of a connection at the moment.
#[derive(Default)]
pub(super) struct Flags {
    /// The socket may have something to read: an edge came and was not used up.
    pub(super) readable: bool,
    /// The edge carried an end, an error or urgent data: a short read proves nothing.
    pub(super) read_until_refused: bool,
    /// It is read without asking epoll, which therefore does not tell when it can be written.
    pub(super) alone: bool,
    /// `pending` may hold whole frames.
    pub(super) decodable: bool,
    /// It is in the ready list.
    pub(super) queued: bool,
    /// It is in the list of those with something to tell.
    pub(super) noticed: bool,
    /// JavaScript paused it.
    pub(super) paused: bool,
    /// What arrives is thrown away: the protocol has ended, by a close frame or an error.
    pub(super) discarding: bool,
    /// A frame that has arrived is decompressed elsewhere.
    pub(super) inflating: bool,
    /// A frame that is to leave is compressed elsewhere, and others wait for it.
    pub(super) deflating: bool,
    /// It was closed while messages waited for being decompressed: they are still delivered.
    pub(super) last_words: bool,
    /// Its stream has ended; to be told behind what it brought.
    pub(super) stream_ended: bool,
    /// Its stream is closed; to be told behind what it brought.
    pub(super) stream_closed: bool,
    /// The peer sent FIN.
    pub(super) read_ended: bool,
    /// FIN is to follow the write queue.
    pub(super) end_requested: bool,
    /// FIN was sent.
    pub(super) write_ended: bool,
    /// The write queue was not empty, and became so.
    pub(super) drained: bool,
    /// A frame is being written: between two of its bytes, if that panics.
    pub(super) writing: bool,
    /// Something has panicked while it was served.
    pub(super) broken: bool,
    /// JavaScript is still to be told of that.
    pub(super) untold: bool,
    /// Nothing more is written: the last frame was.
    pub(super) mute: bool,
    /// JavaScript was told that it is closed.
    pub(super) told_closed: bool,
    /// JavaScript does not want it to keep the process alive.
    pub(super) unreferenced: bool,
}

impl<P> Connection<P> {
    /// A connection that has no generation yet.
    pub(super) fn new(transport: Transport, settings: Settings, now: u64) -> Self {
        let mut protocol = protocol::Connection::new(settings.role, settings.limits);
        if settings.deflate.is_some() {
            protocol.accept_compression();
        }
        let deflation = settings.deflate.map(Deflation::new);
        Connection {
            transport,
            generation: 0,
            protocol,
            pending: Pending::default(),
            message: Message::Empty,
            deflation: deflation.map(Box::new),
            queue: WriteQueue::default(),
            bytes_read: 0,
            bytes_written: 0,
            last_activity: now,
            written: 0,
            rare: None,
            errno: 0,
            first_record: NO_RECORD,
            last_record: NO_RECORD,
            flags: Flags::default(),
        }
    }

    /// How the peer broke the protocol, if it did.
    pub(super) fn error(&self) -> Option<ProtocolError> {
        self.rare.as_ref()?.error
    }

    pub(super) fn set_error(&mut self, error: ProtocolError) {
        self.rare.get_or_insert_default().error = Some(error);
    }

    /// Where the fragments of a binary message end that are not empty.
    pub(super) fn fragment_ends(&self) -> &[u32] {
        self.rare.as_ref().map_or(&[], |rare| &rare.fragment_ends)
    }

    pub(super) fn push_fragment_end(&mut self, end: u32) {
        self.rare.get_or_insert_default().fragment_ends.push(end);
    }

    /// They belong to a message that is delivered; the next one has its own.
    pub(super) fn take_fragment_ends(&mut self) -> Vec<u32> {
        let rare = self.rare.as_mut();
        rare.map_or_else(Vec::new, |rare| std::mem::take(&mut rare.fragment_ends))
    }

    /// Whether reading it now could bring something.
    pub(super) fn wants_service(&self) -> bool {
        let flags = &self.flags;
        if flags.inflating {
            return false;
        }
        let readable = match self.transport {
            Transport::Socket(_) => flags.readable && !flags.read_ended,
            Transport::Stream(_) if flags.stream_closed => return true,
            Transport::Stream(_) => flags.stream_ended && !flags.read_ended,
            Transport::Closed => return flags.last_words,
        };
        !flags.paused && (readable || flags.decodable)
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.transport, Transport::Closed)
    }
}

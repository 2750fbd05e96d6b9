//! Writing: all frames that a connection was given in one turn leave in one system call.
//!
//! Small payloads are copied behind their headers into one scratch buffer; larger ones stay where
//! they are and are gathered. What the kernel refuses is copied to the connection's queue, so no
//! pointer into foreign memory outlives the call.

use std::io::{self, IoSlice, Write};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use socket2::Socket;

use super::connection::{NO_RECORD, Token, Transport};
use super::message::LargePayloads;
use super::outbox::{Command, Operation, Outbox};
use super::reactor::Reactor;
use crate::protocol::{FrameHeader, mask};

/// Payloads up to this many bytes are copied rather than gathered.
const COPIED: usize = 4 * 1024;

/// How many pieces one system call is given.
const PIECES_PER_CALL: usize = 64;

/// The scratch buffer is given back when it has grown beyond this many bytes.
const SCRATCH_KEPT: usize = 1024 * 1024;

/// Random bytes fetched at once for masking keys.
const RANDOM_POOL: usize = 4096;

/// Memory that is reused from flush to flush.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Headers, and payloads that were copied behind them.
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    /// Ends of writes that asked to be told, counted from the start of this write.
    marks: Vec<usize>,
    /// For each record of a flush, the next one of the same connection.
    next: Vec<u32>,
    touched: Vec<u32>,
    random: Vec<u8>,
}

/// A run of bytes that is to be written.
#[derive(Debug)]
enum Piece {
    Scratch(Range<usize>),
    /// Bytes `range` of the payload with this number.
    Payload(usize, Range<usize>),
}

impl Scratch {
    fn clear(&mut self) {
        self.bytes.clear();
        self.pieces.clear();
        self.marks.clear();
    }

    /// Bytes gathered so far.
    fn length(&self) -> usize {
        self.pieces.iter().map(Piece::len).sum()
    }

    /// Adds the bytes of scratch from `start` on, joined to a piece that they follow.
    fn extend_scratch(&mut self, start: usize) {
        let end = self.bytes.len();
        match self.pieces.last_mut() {
            Some(Piece::Scratch(range)) if range.end == start => range.end = end,
            _ => self.pieces.push(Piece::Scratch(start..end)),
        }
    }

    /// Adds one write. `number` is the payload's, for [`Piece::Payload`].
    fn gather(&mut self, command: Command, payload: &[u8], number: usize) {
        let start = self.bytes.len();
        let mut copied = payload.len() <= COPIED;
        match command.operation {
            Operation::Frame { opcode, fin, mask } => {
                let key = mask.then(|| self.masking_key());
                let header = FrameHeader {
                    fin,
                    rsv1: false,
                    opcode,
                    mask: key,
                    length: payload.len() as u64,
                };
                let mut encoded = [0; FrameHeader::MAX_LENGTH];
                let length = header.encode(&mut encoded);
                self.bytes.extend_from_slice(&encoded[..length]);
                if let Some(key) = key {
                    // "The payload is masked in place" never holds for a user's memory.
                    copied = true;
                    let from = self.bytes.len();
                    self.bytes.extend_from_slice(payload);
                    mask::apply(&mut self.bytes[from..], key);
                } else if copied {
                    self.bytes.extend_from_slice(payload);
                }
            }
            Operation::Raw if copied => self.bytes.extend_from_slice(payload),
            Operation::Raw | Operation::End | Operation::Release => {}
        }
        if self.bytes.len() > start {
            self.extend_scratch(start);
        }
        if !copied {
            self.pieces.push(Piece::Payload(number, 0..payload.len()));
        }
        if command.notify {
            self.marks.push(self.length());
        }
    }

    /// A masking key nobody can foresee (RFC 6455 §5.3).
    fn masking_key(&mut self) -> [u8; 4] {
        if self.random.len() < 4 {
            self.random.resize(RANDOM_POOL, 0);
            if getrandom::fill(&mut self.random).is_err() {
                // Without randomness a key still has to differ from the last; zero would not even
                // mask. This has never been seen on a running system.
                self.random.fill(0x5a);
            }
        }
        let key = self.random.split_off(self.random.len() - 4);
        [key[0], key[1], key[2], key[3]]
    }
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Piece::Scratch(range) | Piece::Payload(_, range) => range.len(),
        }
    }
}

/// Where the payloads of gathered writes are.
trait Payloads {
    fn payload(&self, number: usize) -> &[u8];
}

impl Payloads for Outbox<'_> {
    fn payload(&self, number: usize) -> &[u8] {
        self.get(number).map_or(&[], |(_, _, payload)| payload)
    }
}

impl Payloads for &[u8] {
    fn payload(&self, _number: usize) -> &[u8] {
        self
    }
}

impl<P> Reactor<P> {
    /// Carries out all records of `outbox`: each connection's in their order, by one system call
    /// where the kernel takes all.
    pub(crate) fn flush(
        &mut self,
        outbox: Outbox<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
    ) {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.next.clear();
        scratch.next.resize(outbox.len(), NO_RECORD);
        scratch.touched.clear();
        for index in 0..outbox.len() {
            let Some((token, command, _)) = outbox.get(index) else {
                continue;
            };
            if command.operation == Operation::Release {
                if self.get(token).is_some() {
                    self.release(token.slot, larges);
                }
                continue;
            }
            let Some(connection) = self.get_mut(token) else {
                continue;
            };
            if connection.first_record == NO_RECORD {
                connection.first_record = index as u32;
                scratch.touched.push(token.slot);
            } else {
                scratch.next[connection.last_record as usize] = index as u32;
            }
            connection.last_record = index as u32;
        }
        for position in 0..scratch.touched.len() {
            let slot = scratch.touched[position];
            let Some(connection) = self.connections.get_mut(slot as usize) else {
                continue;
            };
            let mut index = std::mem::replace(&mut connection.first_record, NO_RECORD);
            connection.last_record = NO_RECORD;
            let mut ended = false;
            scratch.clear();
            while index != NO_RECORD {
                if let Some((_, command, payload)) = outbox.get(index as usize) {
                    ended |= command.operation == Operation::End;
                    scratch.gather(command, payload, index as usize);
                }
                index = scratch.next[index as usize];
            }
            let write = AssertUnwindSafe(|| self.write(slot, &scratch, &outbox, ended));
            if catch_unwind(write).is_err() {
                self.fail_broken(slot);
            }
        }
        if scratch.bytes.capacity() > SCRATCH_KEPT {
            scratch.bytes = Vec::new();
        }
        self.scratch = scratch;
    }

    /// Writes one payload at once. The caller has flushed what was queued before it.
    pub(crate) fn write_now(&mut self, token: Token, command: Command, payload: &[u8]) {
        if self.get(token).is_none() {
            return;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        scratch.gather(command, payload, 0);
        self.write(token.slot, &scratch, &payload, false);
        if scratch.bytes.capacity() > SCRATCH_KEPT {
            scratch.bytes = Vec::new();
        }
        self.scratch = scratch;
    }

    /// Writes what was gathered, queues what the kernel refuses, and ends the sending side after
    /// it if `ended`.
    fn write(&mut self, slot: u32, scratch: &Scratch, payloads: &impl Payloads, ended: bool) {
        let now = self.now();
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        let socket = match &mut connection.transport {
            Transport::Socket(socket) => socket,
            Transport::Stream(output) => {
                for piece in &scratch.pieces {
                    output
                        .bytes
                        .extend_from_slice(piece_bytes(piece, scratch, payloads));
                }
                output.marks += scratch.marks.len();
                output.end |= ended;
                self.list_output(slot);
                return;
            }
            Transport::Closed => return,
        };
        let total = scratch.length();
        let refuses =
            !connection.queue.is_empty() || connection.flags.write_ended || connection.errno != 0;
        let mut failure = 0;
        let mut written = 0;
        if !refuses && total > 0 {
            match write_pieces(socket, scratch, payloads, total) {
                Ok(count) => written = count,
                Err(error) => failure = error.raw_os_error().unwrap_or(libc::EIO),
            }
        }
        let start = connection.bytes_written + connection.queue.len() as u64;
        connection.bytes_written += written as u64;
        if written > 0 {
            connection.last_activity = now;
        }
        if failure == 0 && connection.errno == 0 && !connection.flags.write_ended {
            let mut skip = written;
            for piece in &scratch.pieces {
                let bytes = piece_bytes(piece, scratch, payloads);
                let skipped = skip.min(bytes.len());
                skip -= skipped;
                connection.queue.push(&bytes[skipped..]);
            }
        }
        let mut notice = false;
        for &mark in &scratch.marks {
            if !refuses && mark <= written {
                connection.written += 1;
                notice = true;
            } else {
                connection.queue.mark(start + mark as u64);
            }
        }
        connection.flags.end_requested |= ended;
        if notice {
            self.notice(slot);
        }
        if failure != 0 {
            self.write_failed(slot, failure);
        } else {
            self.end_if_drained(slot);
        }
    }

    /// Writes what was refused before.
    pub(super) fn drain_queue(&mut self, slot: u32) {
        let now = self.now();
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        let Some(socket) = connection.transport.socket_mut() else {
            return;
        };
        match connection
            .queue
            .drain_into(|slices| socket.write_vectored(slices))
        {
            Ok(0) => {}
            Ok(count) => {
                connection.bytes_written += count as u64;
                connection.last_activity = now;
                let reached = connection.queue.reached(connection.bytes_written);
                connection.written += reached;
                connection.flags.drained = connection.queue.is_empty();
                if reached > 0 || connection.flags.drained {
                    self.notice(slot);
                }
                self.end_if_drained(slot);
            }
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(libc::EIO);
                self.write_failed(slot, errno);
            }
        }
    }

    /// Sends FIN if it is wanted and nothing has to leave before it.
    fn end_if_drained(&mut self, slot: u32) {
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        let flags = &mut connection.flags;
        if flags.end_requested && !flags.write_ended && connection.queue.is_empty() {
            flags.write_ended = true;
            if let Some(socket) = connection.transport.socket() {
                // ENOTCONN: the peer has reset the connection, which reading will tell.
                let _ = socket.shutdown(std::net::Shutdown::Write);
            }
            self.close_if_ended(slot);
        }
    }

    /// A write failed: what the peer sent before is still read, then the socket is closed.
    fn write_failed(&mut self, slot: u32, errno: i32) {
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        connection.errno = errno;
        connection.queue = Default::default();
        if connection.flags.read_ended || connection.flags.paused {
            self.close(slot, errno);
        } else {
            connection.flags.readable = true;
            self.enqueue(slot);
            self.wake();
        }
    }
}

fn piece_bytes<'a>(piece: &Piece, scratch: &'a Scratch, payloads: &'a impl Payloads) -> &'a [u8] {
    match piece {
        Piece::Scratch(range) => &scratch.bytes[range.clone()],
        Piece::Payload(number, range) => &payloads.payload(*number)[range.clone()],
    }
}

/// Writes the pieces until all have left or the kernel refuses; returns the bytes taken.
fn write_pieces(
    socket: &mut Socket,
    scratch: &Scratch,
    payloads: &impl Payloads,
    total: usize,
) -> io::Result<usize> {
    let mut written = 0;
    let mut first = 0;
    let mut offset = 0;
    while written < total {
        let result = if let [piece] = &scratch.pieces[first..] {
            socket.write(&piece_bytes(piece, scratch, payloads)[offset..])
        } else {
            let mut slices = [IoSlice::new(&[]); PIECES_PER_CALL];
            let mut used = 0;
            let mut skip = offset;
            for (slice, piece) in slices.iter_mut().zip(&scratch.pieces[first..]) {
                *slice = IoSlice::new(&piece_bytes(piece, scratch, payloads)[skip..]);
                skip = 0;
                used += 1;
            }
            socket.write_vectored(&slices[..used])
        };
        match result {
            Ok(count) => {
                written += count;
                offset += count;
                while first < scratch.pieces.len() && offset >= scratch.pieces[first].len() {
                    offset -= scratch.pieces[first].len();
                    first += 1;
                }
                if count == 0 {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

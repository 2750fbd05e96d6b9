//! Writing: all frames that a connection was given in one turn leave in one system call.
//!
//! Small payloads are copied behind their headers into one scratch buffer; larger ones stay where
//! they are and are gathered. What the kernel refuses is copied to the connection's queue, so no
//! pointer into foreign memory outlives the call.

use std::io::{self, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};

use libc::c_int;
use socket2::Socket;

use super::connection::{NO_RECORD, Side, Transport};
use super::message::LargePayloads;
use super::outbox::{Command, Operation, Outbox};
use super::reactor::Reactor;
use super::scratch::{Payloads, Scratch};
use super::token::Token;
use crate::protocol::injection::panic_if_asked;

/// How many pieces one system call is given.
const PIECES_PER_CALL: usize = 64;

impl<P> Reactor<P> {
    /// Carries out the records of `outbox`: each connection's in their order, by one system call
    /// where the kernel takes all; those of at most `most` connections. Returns for how many they
    /// were, if that was all. If not, it is called again, with the same records and perhaps more
    /// behind them.
    pub(crate) fn flush(
        &mut self,
        outbox: Outbox<'_>,
        larges: &mut impl LargePayloads<Payload = P>,
        most: usize,
    ) -> Option<usize> {
        let mut scratch = std::mem::take(&mut self.scratch);
        self.link(&outbox, &mut scratch, larges);
        let end = scratch
            .touched
            .len()
            .min(scratch.written.saturating_add(most));
        for position in scratch.written..end {
            let slot = scratch.touched[position];
            let Some(connection) = self.connections.get_mut(slot as usize) else {
                continue;
            };
            let mut index = std::mem::replace(&mut connection.first_record, NO_RECORD);
            connection.last_record = NO_RECORD;
            scratch.clear();
            let write = AssertUnwindSafe(|| {
                let mut ended = false;
                while index != NO_RECORD {
                    if let Some((_, command, payload)) = outbox.get(index as usize)
                        && self.gather(slot, &mut scratch, command, payload, index as usize)
                    {
                        ended |= command.operation == Operation::End;
                    }
                    index = scratch.next[index as usize];
                }
                self.write(slot, &scratch, &outbox, ended);
            });
            if catch_unwind(write).is_err() {
                self.fail_broken(slot, Side::Writing);
            }
        }
        let all = (end == scratch.touched.len()).then_some(end);
        if all.is_some() {
            scratch.next.clear();
            scratch.touched.clear();
            scratch.written = 0;
        } else {
            scratch.written = end;
        }
        scratch.trim();
        self.scratch = scratch;
        all
    }

    /// Links the records of each connection that were not linked by an earlier call.
    fn link(
        &mut self,
        outbox: &Outbox<'_>,
        scratch: &mut Scratch,
        larges: &mut impl LargePayloads<Payload = P>,
    ) {
        let linked = scratch.next.len();
        scratch.next.resize(outbox.len(), NO_RECORD);
        for index in linked..outbox.len() {
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
    }

    /// Writes one payload at once. The caller has flushed what was queued before it.
    pub(crate) fn write_now(&mut self, token: Token, command: Command, payload: &[u8]) {
        if self.get(token).is_none() {
            return;
        }
        self.write_from_scratch(token.slot, |reactor, scratch| {
            if reactor.gather(token.slot, scratch, command, payload, 0) {
                reactor.write(token.slot, scratch, &payload, false);
            }
        });
    }

    /// Has `write` write to one connection, by the scratch buffer. Whatever happens, that is there
    /// again afterwards.
    pub(super) fn write_from_scratch(
        &mut self,
        slot: u32,
        write: impl FnOnce(&mut Self, &mut Scratch),
    ) {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let written = catch_unwind(AssertUnwindSafe(|| write(self, &mut scratch)));
        scratch.trim();
        self.scratch = scratch;
        if written.is_err() {
            self.fail_broken(slot, Side::Writing);
        }
    }

    /// Writes what was gathered, queues what the kernel refuses, and ends the sending side after
    /// it if `ended`.
    pub(super) fn write(
        &mut self,
        slot: u32,
        scratch: &Scratch,
        payloads: &(impl Payloads + ?Sized),
        ended: bool,
    ) {
        let now = self.now();
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        connection.flags.writing = true;
        let socket = match &mut connection.transport {
            Transport::Socket(socket) => socket,
            Transport::Stream(output) => {
                for piece in &scratch.pieces {
                    let bytes = scratch.piece(piece, payloads);
                    output.bytes.extend_from_slice(bytes);
                    panic_if_asked("writing", bytes);
                }
                output.marks += scratch.marks.len();
                output.end |= ended;
                connection.flags.writing = false;
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
        let mut starved = false;
        if !refuses && total > 0 {
            // FIN follows at once, and then needs no segment of its own.
            let mut sink = Sink::new(socket, ended);
            match write_pieces(&mut sink, scratch, payloads, total) {
                Ok(count) => written = count,
                Err(error) => failure = error.raw_os_error().unwrap_or(libc::EIO),
            }
            starved = sink.starved;
        }
        let start = connection.bytes_written + connection.queue.len() as u64;
        connection.bytes_written += written as u64;
        if written > 0 {
            connection.last_activity = now;
        }
        if failure == 0 && connection.errno == 0 && !connection.flags.write_ended {
            let mut skip = written;
            for piece in &scratch.pieces {
                let bytes = scratch.piece(piece, payloads);
                let skipped = skip.min(bytes.len());
                skip -= skipped;
                connection.queue.push(&bytes[skipped..]);
                panic_if_asked("writing", bytes);
            }
        }
        connection.flags.writing = false;
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
            self.watch_writing(slot, starved);
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
        let mut sink = Sink::new(socket, false);
        connection.flags.writing = true;
        let drained = connection.queue.drain_into(|slices| {
            slices
                .iter()
                .for_each(|bytes| panic_if_asked("draining", bytes));
            sink.write_vectored(slices)
        });
        connection.flags.writing = false;
        let starved = sink.starved;
        match drained {
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
        self.watch_writing(slot, starved);
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

    /// Has epoll tell when what waits can be written, where it does not do so by itself: if the
    /// connection was alone, and if `starved`.
    fn watch_writing(&mut self, slot: u32, starved: bool) {
        let (Some(poller), Some(connection)) =
            (&self.poller, self.connections.get_mut(slot as usize))
        else {
            return;
        };
        let flags = &mut connection.flags;
        if !starved && (!flags.alone || connection.queue.is_empty()) {
            return;
        }
        if let Transport::Socket(socket) = &connection.transport {
            let generation = connection.generation;
            flags.alone &= !poller.watch(socket, Token { slot, generation }, true);
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

/// A socket that is written, and what it says of memory.
struct Sink<'a> {
    socket: &'a Socket,
    flags: c_int,
    /// The kernel had no memory for what was written. As libuv does, that is taken for a refusal; but
    /// no edge will tell when there is memory again.
    starved: bool,
}

impl<'a> Sink<'a> {
    /// With `more`, what is written may wait for what is done next: for more bytes, or for FIN.
    fn new(socket: &'a Socket, more: bool) -> Self {
        Sink {
            socket,
            // Miri does not know it.
            flags: if more && !cfg!(miri) {
                libc::MSG_MORE
            } else {
                0
            },
            starved: false,
        }
    }

    fn refused(&mut self, result: io::Result<usize>) -> io::Result<usize> {
        result.map_err(|error| {
            if error.raw_os_error() != Some(libc::ENOBUFS) {
                return error;
            }
            self.starved = true;
            io::ErrorKind::WouldBlock.into()
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.socket.send_with_flags(bytes, self.flags);
        self.refused(result)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if cfg!(miri) {
            // Miri has no `sendmsg()`; what is left is written next.
            return self.write(slices.first().map_or(&[], |slice| slice));
        }
        let result = self.socket.send_vectored_with_flags(slices, self.flags);
        self.refused(result)
    }
}

/// Writes the pieces until all have left or the kernel refuses; returns the bytes taken.
fn write_pieces(
    sink: &mut Sink<'_>,
    scratch: &Scratch,
    payloads: &(impl Payloads + ?Sized),
    total: usize,
) -> io::Result<usize> {
    let mut written = 0;
    let mut first = 0;
    let mut offset = 0;
    while written < total {
        let result = if let [piece] = &scratch.pieces[first..] {
            sink.write(&scratch.piece(piece, payloads)[offset..])
        } else {
            let mut slices = [IoSlice::new(&[]); PIECES_PER_CALL];
            let mut used = 0;
            let mut skip = offset;
            for (slice, piece) in slices.iter_mut().zip(&scratch.pieces[first..]) {
                *slice = IoSlice::new(&scratch.piece(piece, payloads)[skip..]);
                skip = 0;
                used += 1;
            }
            sink.write_vectored(&slices[..used])
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

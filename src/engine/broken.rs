//! What becomes of a connection when something panics while it is served: a bug of ours.
//!
//! Each step that serves one connection runs in a `catch_unwind` of its own, so the others are served in
//! the same turn. What was decoded before is delivered; then the user is told of
//! [`ProtocolError::Internal`], and the peer gets a close frame with 1011.
//!
//! `AssertUnwindSafe` is justified at those places: nobody looks any more at what the panic has left
//! half done. The connection decodes nothing from then on, or writes nothing. Of what connections share,
//! compressors are taken out while one uses them, and made anew if they are lost; the scratch buffer is put
//! back, and cleared before its next use.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::connection::{Side, Transport};
use super::outbox::{Command, Operation};
use super::reactor::Reactor;
use super::scratch::Scratch;
use super::token::Token;
use crate::protocol::{CloseCode, Opcode, ProtocolError, Role};

impl<P> Reactor<P> {
    /// Something has panicked while the connection of `slot` was served.
    pub(super) fn fail_broken(&mut self, slot: u32, side: Side) {
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        let flags = &mut connection.flags;
        flags.discarding = true;
        flags.decodable = false;
        connection.pending.clear();
        if let Transport::Closed = connection.transport {
            // What was left to be told is lost.
            if flags.last_words && !flags.inflating {
                self.bury(slot);
            }
            return;
        }
        let again = std::mem::replace(&mut flags.broken, true);
        if connection.error().is_none() {
            connection.set_error(ProtocolError::Internal);
            connection.flags.untold = true;
            self.notice(slot);
        }
        match side {
            _ if again => self.cut_off(slot),
            // JavaScript answers as to any error, behind what it has sent before.
            Side::Reading => {}
            Side::Writing => self.say_last(slot),
        }
        // What arrives has to be thrown away.
        self.enqueue(slot);
        self.wake();
    }

    /// Something has panicked while JavaScript brought what a connection has to read.
    pub(crate) fn fail_reading(&mut self, token: Token) {
        if self.get(token).is_some() {
            self.fail_broken(token.slot, Side::Reading);
        }
    }

    /// Something has panicked while JavaScript destroyed a connection: it ends all the same.
    pub(crate) fn fail_destroying(&mut self, token: Token) {
        if let Some(connection) = self.get_mut(token) {
            connection.flags.broken = true;
            self.fail_broken(token.slot, Side::Writing);
        }
    }

    /// Something has panicked while JavaScript wrote to a connection, or asked it something.
    pub(crate) fn fail_writing(&mut self, token: Token) {
        if self.get(token).is_some() {
            self.fail_broken(token.slot, Side::Writing);
        }
    }

    /// Writes a close frame, and nothing more: what should have left before it is lost.
    fn say_last(&mut self, slot: u32) {
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        connection.flags.mute = true;
        connection.flags.deflating = false;
        self.codecs.freed |= connection.deflation.take().is_some();
        if connection.flags.writing {
            // A frame may have been cut: another one would be taken for its payload.
            self.cut_off(slot);
            return;
        }
        // "a server is terminating the connection because it encountered an unexpected condition"
        // (RFC 6455 §7.4.1).
        let code = CloseCode::INTERNAL_ERROR.value().to_be_bytes();
        let operation = Operation::Frame {
            opcode: Opcode::CLOSE,
            fin: true,
            mask: matches!(connection.protocol.role(), Role::Client),
            compress: false,
        };
        let notify = false;
        let write = AssertUnwindSafe(|| {
            let mut scratch = Scratch::default();
            scratch.gather(Command { operation, notify }, &code, 0);
            self.write(slot, &scratch, &&code[..], true);
        });
        if catch_unwind(write).is_err() {
            self.cut_off(slot);
        }
    }

    /// Ends a connection with which nothing else can be done.
    fn cut_off(&mut self, slot: u32) {
        self.close(slot, 0);
        if let Some(connection) = self.connections.get_mut(slot as usize)
            && let Transport::Stream(output) = &mut connection.transport
        {
            connection.flags.mute = true;
            output.end = true;
            self.list_output(slot);
        }
    }
}

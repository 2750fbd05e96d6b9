//! What epoll would say, guessed.
//!
//! libuv watches our epoll instance, so each turn asks twice what there is: libuv asks its instance, then we
//! ours. Where a single connection is not idle, ours says the same each time. So that connection is read
//! at once, as if epoll had told of it. A wrong guess costs one read that brings nothing; nothing is lost by
//! it, as the instance stays readable until it was asked or has nothing to say. Others, of which only the
//! instance can tell, wait for the turn under way and the rest of a millisecond.

use super::token::Token;

/// After so many events of one connection alone it is expected to go on.
pub(super) const ENOUGH: u32 = 8;

/// Who is expected to have something to read.
#[derive(Default)]
pub(super) struct Guess {
    /// Whose event was the only one when epoll was asked last.
    only: Option<Token>,
    /// How often that was the same connection's, one time after the other.
    times: u32,
    /// When epoll was asked last, in milliseconds.
    asked: u64,
    /// How much the connection had read before the last guess since then.
    bytes_read: Option<u64>,
}

impl Guess {
    /// Takes note of what epoll has said at the time `now`: whose event was the only one.
    pub(super) fn learn(&mut self, only: Option<Token>, now: u64) {
        self.times = if only == self.only {
            self.times.saturating_add(1)
        } else {
            1
        };
        self.only = only;
        self.asked = now;
        self.bytes_read = None;
    }

    /// Who may be read, or `None` if epoll is to be asked.
    pub(super) fn candidate(&self, now: u64) -> Option<Token> {
        self.only
            .filter(|_| self.times >= ENOUGH && self.asked == now)
    }

    /// Guesses that the candidate, which has read so many bytes, goes on. Returns false if the last such
    /// guess was wrong: it had read as many then.
    pub(super) fn goes_on(&mut self, bytes_read: u64) -> bool {
        self.bytes_read.replace(bytes_read) != Some(bytes_read)
    }
}

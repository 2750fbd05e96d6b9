//! Taking over the descriptor of a socket that Node.js upgraded.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

use socket2::{Domain, Socket};

/// Why a descriptor was not taken.
#[derive(Debug)]
pub(crate) enum AdoptError {
    /// It is neither a TCP nor a Unix domain socket.
    NotASocket,
    /// The operating system refused.
    Io(io::Error),
}

impl From<io::Error> for AdoptError {
    fn from(error: io::Error) -> Self {
        AdoptError::Io(error)
    }
}

/// Duplicates the connected stream socket `fd` into one of our own, non-blocking and closed on
/// exec. The caller closes its own descriptor afterwards.
///
/// A duplicate, not the number itself: Node.js closes its number, the operating system gives it
/// to the next connection, and a write of ours to it would reach a stranger.
pub(crate) fn adopt(fd: RawFd) -> Result<Socket, AdoptError> {
    if fd < 0 {
        return Err(AdoptError::NotASocket);
    }
    // SAFETY: the descriptor is only borrowed for the duplication below. The caller passes the
    // descriptor of a socket handle that it holds open during this call; were it closed, the
    // duplication fails with EBADF and nothing is taken.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    let owned: OwnedFd = borrowed.try_clone_to_owned()?;
    let socket = Socket::from(owned);
    match socket.local_addr()?.domain() {
        Domain::IPV4 | Domain::IPV6 | Domain::UNIX => {}
        _ => return Err(AdoptError::NotASocket),
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

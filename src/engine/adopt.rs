//! Taking over the descriptor of a socket that Node.js upgraded.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

use socket2::{Domain, Socket};

/// Duplicates the connected stream socket `fd` into one of our own, non-blocking and closed on
/// exec. The caller closes its own descriptor afterwards.
///
/// A duplicate, not the number itself: Node.js closes its number, the operating system gives it
/// to the next connection, and a write of ours to it would reach a stranger.
///
/// # Errors
/// What the operating system says; [`io::ErrorKind::InvalidInput`] if it is neither a TCP nor a
/// Unix domain socket.
pub(crate) fn adopt(fd: RawFd) -> io::Result<Socket> {
    if fd < 0 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: the descriptor is only borrowed for the duplication below. The caller passes the
    // descriptor of a socket handle that it holds open during this call; were it closed, the
    // duplication fails with EBADF and nothing is taken.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    let owned: OwnedFd = borrowed.try_clone_to_owned()?;
    let socket = Socket::from(owned);
    match socket.local_addr()?.domain() {
        Domain::IPV4 | Domain::IPV6 | Domain::UNIX => {}
        _ => return Err(io::ErrorKind::InvalidInput.into()),
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

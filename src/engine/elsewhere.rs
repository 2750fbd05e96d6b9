//! Stands in for `adopt`, `socket` and `pump` on systems where no descriptor is taken. An endpoint
//! there has streams only, and what has no value here is never made.

use std::ffi::{c_int, c_void};
use std::io;

use socket2::Socket;

use super::connection::Settings;
use super::reactor::Reactor;
use super::token::Token;

/// What would watch sockets.
pub(super) enum Poller {}

impl Poller {
    pub(super) fn deregister(&self, _: &Socket) {
        match *self {}
    }

    pub(super) fn watch(&self, _: &Socket, _: Token, _: bool) -> bool {
        match *self {}
    }
}

impl<P> Reactor<P> {
    pub(crate) fn watch_sockets(&mut self) -> io::Result<c_int> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn add(&mut self, _: Socket, _: Settings, _: &[u8]) -> io::Result<Token> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn poll(&mut self) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn wake(&self) {}
}

pub(crate) fn adopt(_: c_int) -> io::Result<Socket> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The functions of libuv, of which nothing is asked.
#[derive(Clone, Copy)]
pub(crate) enum Libuv {}

impl Libuv {
    pub(crate) fn load() -> Option<Self> {
        None
    }
}

/// What would drive a reactor with sockets.
pub(crate) enum Pump {}

impl Pump {
    /// # Safety
    /// None is needed: there is no `libuv` to call it with.
    pub(crate) unsafe fn start(
        libuv: Libuv,
        _: *mut c_void,
        _: c_int,
        _: Box<dyn Fn()>,
    ) -> Result<Pump, PumpError> {
        match libuv {}
    }

    pub(crate) fn set_referenced(&self, _: bool) {
        match *self {}
    }

    pub(crate) fn now(&self) -> u64 {
        match *self {}
    }

    pub(crate) fn close(self, _: Box<dyn FnOnce()>) {
        match self {}
    }
}

/// Why libuv refused.
#[derive(Debug)]
pub(crate) struct PumpError(pub(crate) &'static str, pub(crate) c_int);

//! What JavaScript asks of one connection directly, beside the outbox. A connection is named by
//! slot and generation; one that is gone answers as a closed one does.

use std::net::SocketAddr;

use napi::bindgen_prelude::*;
use napi_derive::napi;
use socket2::{Socket, TcpKeepalive};

use super::compression::DeflateSettings;
use super::endpoint::Endpoint;
use super::error::{ProtocolErrorFacts, facts};
use super::large::LargeBuffer;
use crate::engine::{Command, Reactor, Settings, Token, adopt};
use crate::protocol::injection::{panic_if_asked, panic_if_told};
use crate::protocol::{Limits, ProtocolError, Role};

/// The address of one end of a connection. All undefined for a Unix domain socket.
#[napi(object)]
#[derive(Default)]
pub struct SocketName {
    pub address: Option<String>,
    /// `IPv4` or `IPv6`
    pub family: Option<String>,
    pub port: Option<u16>,
}

/// Counters of a connection.
#[napi(object)]
pub struct Counters {
    /// Bytes since adoption.
    pub bytes_read: f64,
    /// Bytes that the kernel has taken since adoption.
    pub bytes_written: f64,
    /// Milliseconds since bytes last moved in either direction.
    pub idle: f64,
}

pub(super) fn role_and_limits(
    is_server: bool,
    max_payload: f64,
    max_fragments: u32,
    max_buffered_chunks: u32,
    skip_utf8_validation: bool,
) -> (Role, Limits) {
    let role = match is_server {
        true => Role::Server,
        false => Role::Client,
    };
    let limits = Limits {
        max_payload: max_payload as u64,
        max_fragments,
        max_buffered_chunks,
        skip_utf8_validation,
    };
    (role, limits)
}

/// Reads what a connection is told when it opens.
///
/// # Errors
/// A parameter of zlib that is out of range.
pub(super) fn settings(
    is_server: bool,
    max_payload: f64,
    max_fragments: u32,
    max_buffered_chunks: u32,
    skip_utf8_validation: bool,
    deflate: Option<DeflateSettings>,
) -> Result<Settings> {
    let (role, limits) = role_and_limits(
        is_server,
        max_payload,
        max_fragments,
        max_buffered_chunks,
        skip_utf8_validation,
    );
    let deflate = deflate.map(DeflateSettings::read).transpose()?;
    Ok(Settings {
        role,
        limits,
        deflate,
    })
}

/// An IP address, as text. One that is link-local says on which interface, by its number
/// (RFC 4007 §11).
fn ip(address: &SocketAddr) -> String {
    match address {
        SocketAddr::V6(v6) if v6.scope_id() != 0 && v6.ip().is_unicast_link_local() => {
            format!("{}%{}", v6.ip(), v6.scope_id())
        }
        _ => address.ip().to_string(),
    }
}

fn name(address: Option<SocketAddr>) -> SocketName {
    address.map_or_else(SocketName::default, |address| SocketName {
        address: Some(ip(&address)),
        family: Some(if address.is_ipv4() { "IPv4" } else { "IPv6" }.to_owned()),
        port: Some(address.port()),
    })
}

fn token(slot: u32, generation: u32) -> Token {
    Token { slot, generation }
}

#[napi]
impl Endpoint {
    /// Takes over the socket with descriptor `fd`, of which the caller closes its own descriptor
    /// afterwards. `head` is what was received from it already. Limits of 0 mean none. Returns
    /// slot and generation.
    ///
    /// # Errors
    /// If it is no stream socket, a parameter of zlib is out of range, the operating system refuses,
    /// or nothing is adopted here.
    #[allow(clippy::too_many_arguments)]
    #[napi(catch_unwind)]
    pub fn adopt(
        &self,
        fd: i32,
        is_server: bool,
        max_payload: f64,
        max_fragments: u32,
        max_buffered_chunks: u32,
        skip_utf8_validation: bool,
        deflate: Option<DeflateSettings>,
        head: &[u8],
    ) -> Result<Vec<u32>> {
        panic_if_told("adopting");
        let socket = adopt(fd).map_err(|error| Error::from_reason(error.to_string()))?;
        let settings = settings(
            is_server,
            max_payload,
            max_fragments,
            max_buffered_chunks,
            skip_utf8_validation,
            deflate,
        )?;
        self.shared.update_now();
        let token = self
            .shared
            .reactor
            .borrow_mut()
            .add(socket, settings, head)
            .map_err(|error| Error::from_reason(error.to_string()))?;
        self.shared.update_referenced();
        Ok(vec![token.slot, token.generation])
    }

    /// Writes what is in the outbox and then `payload`, as the operation `byte` says. Outside of
    /// a turn, [`Endpoint::complete`] must follow on a later tick.
    #[napi(catch_unwind)]
    pub fn write(&self, slot: u32, generation: u32, byte: u8, payload: &[u8]) {
        self.shared.update_now();
        self.shared.write_outbox();
        if let Some(command) = Command::from_byte(byte) {
            let token = token(slot, generation);
            self.guard(token, |reactor| {
                panic_if_asked("binding", payload);
                reactor.write_now(token, command, payload);
            });
            self.shared.announce_outputs();
        }
        self.shared.update_referenced();
    }

    /// Writes what is in the outbox, then closes the descriptor; with `reset` the peer gets RST.
    /// Returns whether messages will still be told of: they wait for being decompressed. Outside of
    /// a turn, [`Endpoint::complete`] must follow on a later tick.
    #[napi(catch_unwind)]
    pub fn destroy(&self, slot: u32, generation: u32, reset: bool) -> bool {
        self.shared.write_outbox();
        let token = token(slot, generation);
        let last_words = self
            .shared
            .guard(token, Reactor::fail_destroying, |reactor| {
                panic_if_told("destroying");
                reactor.destroy(token, reset)
            });
        self.shared.update_referenced();
        last_words.unwrap_or(false)
    }

    /// Writes what is in the outbox, then has a connection fail for which something has panicked
    /// elsewhere. Outside of a turn, [`Endpoint::complete`] must follow on a later tick.
    #[napi(catch_unwind)]
    pub fn fail(&self, slot: u32, generation: u32) {
        self.shared.update_now();
        self.shared.write_outbox();
        self.shared
            .reactor
            .borrow_mut()
            .fail_writing(token(slot, generation));
        self.shared.announce_outputs();
        self.shared.update_referenced();
    }

    /// Compresses a frame's payload as the next one of its connection, for the caller to frame it. So
    /// do all that are to be compressed on that connection. `null` without permessage-deflate.
    ///
    /// # Errors
    /// If there is no memory.
    #[napi(catch_unwind)]
    pub fn deflate_now<'env>(
        &self,
        env: &'env Env,
        slot: u32,
        generation: u32,
        payload: &[u8],
        fin: bool,
    ) -> Result<Option<BufferSlice<'env>>> {
        self.shared.update_now();
        self.shared.write_outbox();
        let token = token(slot, generation);
        let compressed = self.guard(token, |reactor| reactor.deflate_now(token, payload, fin));
        // Nothing is written any more where it has panicked.
        let compressed = compressed.unwrap_or_else(|| Some(Vec::new()));
        compressed
            .map(|compressed| BufferSlice::copy_from(env, compressed))
            .transpose()
    }

    /// Stops or continues reading.
    #[napi(catch_unwind)]
    pub fn set_paused(&self, slot: u32, generation: u32, paused: bool) {
        let token = token(slot, generation);
        self.guard(token, |reactor| {
            panic_if_told("pausing");
            reactor.set_paused(token, paused);
        });
        self.shared.update_referenced();
    }

    /// Whether the connection keeps the process alive.
    #[napi(catch_unwind)]
    pub fn set_referenced(&self, slot: u32, generation: u32, referenced: bool) {
        let token = token(slot, generation);
        self.guard(token, |reactor| reactor.set_referenced(token, referenced));
        self.shared.update_referenced();
    }

    /// Bytes that the kernel has not taken yet.
    #[napi(catch_unwind)]
    pub fn queued(&self, slot: u32, generation: u32) -> f64 {
        let token = token(slot, generation);
        let queued = self.guard(token, |reactor| {
            panic_if_told("counting");
            reactor.queued(token)
        });
        queued.unwrap_or(0) as f64
    }

    /// Its counters, while it is known.
    #[napi(catch_unwind)]
    pub fn counters(&self, slot: u32, generation: u32) -> Option<Counters> {
        self.shared.update_now();
        let token = token(slot, generation);
        let [bytes_read, bytes_written, idle] =
            self.guard(token, |reactor| reactor.counters(token))??;
        Some(Counters {
            bytes_read: bytes_read as f64,
            bytes_written: bytes_written as f64,
            idle: idle as f64,
        })
    }

    /// How the peer broke the protocol, if it did.
    #[napi(catch_unwind)]
    pub fn protocol_error(&self, slot: u32, generation: u32) -> Option<ProtocolErrorFacts> {
        let token = token(slot, generation);
        let error = self.guard(token, |reactor| {
            panic_if_told("explaining");
            reactor.error(token)
        });
        error.unwrap_or(Some(ProtocolError::Internal)).map(facts)
    }

    /// The address of the peer, or of this end; `null` if there is none any more.
    #[napi(catch_unwind)]
    pub fn socket_name(&self, slot: u32, generation: u32, peer: bool) -> Option<SocketName> {
        let token = token(slot, generation);
        self.guard(token, |reactor| {
            panic_if_told("naming");
            let socket = reactor.socket(token)?;
            let address = if peer {
                socket.peer_addr()
            } else {
                socket.local_addr()
            };
            address.ok().map(|address| name(address.as_socket()))
        })?
    }

    /// `TCP_NODELAY`. Returns 0 or a negative `errno`, as libuv does; so do the next two.
    #[napi(catch_unwind)]
    pub fn set_no_delay(&self, slot: u32, generation: u32, enable: bool) -> i32 {
        self.set_option(token(slot, generation), |socket| {
            socket.set_tcp_nodelay(enable)
        })
    }

    /// `SO_KEEPALIVE`, and the idle time in seconds before the first probe if it is not 0.
    #[napi(catch_unwind)]
    pub fn set_keep_alive(&self, slot: u32, generation: u32, enable: bool, delay: u32) -> i32 {
        self.set_option(token(slot, generation), |socket| {
            socket.set_keepalive(enable)?;
            if enable && delay > 0 {
                let time = std::time::Duration::from_secs(delay.into());
                // The interval and count that libuv sets.
                let probes = TcpKeepalive::new()
                    .with_time(time)
                    .with_interval(std::time::Duration::from_secs(1))
                    .with_retries(10);
                socket.set_tcp_keepalive(&probes)?;
            }
            Ok(())
        })
    }

    /// The type-of-service byte of outgoing packets.
    #[napi(catch_unwind)]
    pub fn set_type_of_service(&self, slot: u32, generation: u32, value: u8) -> i32 {
        self.set_option(token(slot, generation), |socket| {
            // Windows has no such option.
            #[cfg(unix)]
            if socket.local_addr()?.is_ipv6() {
                return socket.set_tclass_v6(value.into());
            }
            socket.set_tos_v4(value.into())
        })
    }

    /// Does something for one connection that JavaScript writes to, or asks something.
    fn guard<T>(
        &self,
        token: Token,
        serve: impl FnOnce(&mut Reactor<LargeBuffer>) -> T,
    ) -> Option<T> {
        self.shared.guard(token, Reactor::fail_writing, serve)
    }

    fn set_option(&self, token: Token, set: impl FnOnce(&Socket) -> std::io::Result<()>) -> i32 {
        let result = self.guard(token, |reactor| {
            panic_if_told("setting");
            reactor.socket(token).map(set)
        });
        match result.flatten() {
            Some(Ok(())) => 0,
            Some(Err(error)) => -error.raw_os_error().unwrap_or(libc::EIO),
            None => -libc::EBADF,
        }
    }
}

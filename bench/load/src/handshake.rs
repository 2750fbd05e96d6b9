//! The opening handshake (RFC 6455 §4.1), client side.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use crate::failure::{Failure, Outcome};

/// The key of RFC 6455 §1.3 and its answer: with a fixed key the answer can be
/// checked without computing SHA-1.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// No response header is longer.
const MAX_RESPONSE: usize = 16 * 1024;

/// How long a server may keep the generator waiting before it counts as hung.
pub const STALL: Duration = Duration::from_secs(15);

/// Connects; the socket blocks. On the loopback this returns as soon as the
/// kernel has queued the connection, whether or not the server has accepted it.
pub fn connect(port: u16) -> Outcome<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| Failure::new(format!("cannot connect to port {port}: {error}")))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Connects and completes the handshake; the socket blocks no longer.
pub fn open(port: u16, path: &str) -> Outcome<TcpStream> {
    let mut stream = connect(port)?;
    stream.set_read_timeout(Some(STALL))?;
    stream.write_all(request(port, path).as_bytes())?;
    let mut response = Vec::new();
    let mut buffer = [0; 4096];
    while !is_accepted(&response)? {
        match stream.read(&mut buffer) {
            Ok(0) => return Err(Failure::new("the server closed during the handshake")),
            Ok(count) => response.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Err(Failure::new("no response to the handshake"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    stream.set_nonblocking(true)?;
    Ok(stream)
}

pub fn request(port: u16, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\n\
         Host: 127.0.0.1:{port}\r\n\
         Connection: Upgrade\r\n\
         Upgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {KEY}\r\n\r\n"
    )
}

/// Whether `response` is complete; `false` asks for more.
///
/// # Errors
///
/// A response that does not accept the connection, or that has bytes after it:
/// no server under test speaks first.
pub fn is_accepted(response: &[u8]) -> Outcome<bool> {
    let Some(end) = response.windows(4).position(|four| four == b"\r\n\r\n") else {
        if response.len() > MAX_RESPONSE {
            return Err(Failure::new("endless response to the handshake"));
        }
        return Ok(false);
    };
    let header = String::from_utf8_lossy(&response[..end]);
    let mut lines = header.split("\r\n");
    let status = lines.next().unwrap_or_default();
    let accepted = lines
        .filter_map(|line| line.split_once(':'))
        .any(|(name, value)| {
            name.eq_ignore_ascii_case("sec-websocket-accept") && value.trim() == ACCEPT
        });
    if !status.starts_with("HTTP/1.1 101") || !accepted {
        return Err(Failure::new(format!("handshake refused: {header}")));
    }
    if end + 4 != response.len() {
        return Err(Failure::new("the server spoke before it was spoken to"));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

    #[test]
    fn a_response_is_accepted_when_it_is_complete() {
        let bytes = RESPONSE.as_bytes();
        assert!(is_accepted(bytes).expect("valid"));
        for cut in 0..bytes.len() {
            assert!(!is_accepted(&bytes[..cut]).expect("valid"));
        }
    }

    #[test]
    fn other_responses_are_refused() {
        for response in [
            RESPONSE.replace("101", "400"),
            RESPONSE.replace("s3p", "xxx"),
            RESPONSE.to_owned() + "x",
        ] {
            assert!(is_accepted(response.as_bytes()).is_err());
        }
    }
}

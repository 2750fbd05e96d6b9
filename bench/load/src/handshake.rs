//! The opening handshake (RFC 6455 §4.1), and the little of the server's side that
//! clients under test need (§4.2.2).

use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::extension;
use crate::failure::{Failure, Outcome};
use crate::options::Options;
use crate::stream::Stream;
use crate::tls::Tls;

/// The key of RFC 6455 §1.3 and its answer: with a fixed key the answer can be
/// checked without computing SHA-1.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// No header of an HTTP message is longer.
const MAX_HEADER: usize = 16 * 1024;

/// How long a peer may keep the generator waiting before it counts as hung.
pub const STALL: Duration = Duration::from_secs(15);

/// Where the servers under test are, and how they are spoken to.
pub struct Target {
    port: u16,
    tls: Option<Tls>,
    /// The upgrade request.
    request: String,
}

impl Target {
    pub fn new(options: &Options) -> Outcome<Self> {
        Ok(Self {
            port: options.port,
            tls: options.tls.then(Tls::new).transpose()?,
            request: request(options),
        })
    }

    /// Connects. On the loopback this returns as soon as the kernel has queued
    /// the connection, whether or not the server has accepted it.
    fn connect(&self) -> Outcome<Stream> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).map_err(|error| {
            Failure::new(format!("cannot connect to port {}: {error}", self.port))
        })?;
        socket.set_nodelay(true)?;
        Ok(match &self.tls {
            Some(tls) => Stream::Tls(Box::new(tls.wrap(socket)?)),
            None => Stream::Plain(socket),
        })
    }

    /// Connects and begins the handshake; the socket does not block.
    pub fn begin(&self) -> Outcome<Stream> {
        let mut stream = self.connect()?;
        stream.tcp().set_nonblocking(true)?;
        stream.send(self.request.as_bytes())?;
        Ok(stream)
    }

    /// Connects and completes the handshake; the socket blocks no longer.
    pub fn open(&self) -> Outcome<Stream> {
        Ok(self.negotiate()?.0)
    }

    /// The same; also what the server says of the extension that it was offered.
    pub fn negotiate(&self) -> Outcome<(Stream, String)> {
        let mut stream = self.connect()?;
        stream.tcp().set_read_timeout(Some(STALL))?;
        stream.send(self.request.as_bytes())?;
        let mut response = Vec::new();
        while !is_accepted(&response)? {
            read_more(&mut stream, &mut response)?;
        }
        stream.tcp().set_nonblocking(true)?;
        let response = String::from_utf8_lossy(&response);
        let answer = header(&response, "sec-websocket-extensions").unwrap_or_default();
        Ok((stream, answer.to_owned()))
    }
}

/// Adds what arrives next to what has arrived of the peer's half of a handshake.
/// The socket blocks, for [`STALL`] at most.
pub fn read_more(stream: &mut impl Read, received: &mut Vec<u8>) -> Outcome<()> {
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer) {
        Ok(0) => Err(Failure::new("the peer closed during the handshake")),
        Ok(count) => {
            received.extend_from_slice(&buffer[..count]);
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            Err(Failure::new("the peer is silent during the handshake"))
        }
        Err(error) => Err(Failure::new(format!("handshake: {error}"))),
    }
}

fn request(options: &Options) -> String {
    let Options { port, path, .. } = options;
    let offer = match options.scenario.is_compressed() {
        true => extension::offer(options.takeover),
        false => return request_with(*port, path, ""),
    };
    request_with(
        *port,
        path,
        &format!("Sec-WebSocket-Extensions: {offer}\r\n"),
    )
}

fn request_with(port: u16, path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\n\
         Host: 127.0.0.1:{port}\r\n\
         Connection: Upgrade\r\n\
         Upgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {KEY}\r\n\
         {headers}\r\n"
    )
}

/// The value of a header of an HTTP message; `name` is in small letters.
fn header<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// Whether `response` is complete; `false` asks for more.
///
/// # Errors
///
/// A response that does not accept the connection, or that has bytes after it:
/// no server under test speaks first.
pub fn is_accepted(response: &[u8]) -> Outcome<bool> {
    let Some(end) = header_end(response)? else {
        return Ok(false);
    };
    let text = String::from_utf8_lossy(&response[..end - 4]);
    let accepted = header(&text, "sec-websocket-accept") == Some(ACCEPT);
    if !text.starts_with("HTTP/1.1 101") || !accepted {
        return Err(Failure::new(format!("handshake refused: {text}")));
    }
    if end != response.len() {
        return Err(Failure::new("the server spoke before it was spoken to"));
    }
    Ok(true)
}

/// Where the header of an HTTP message ends, behind the empty line.
///
/// # Errors
///
/// A header that does not end.
fn header_end(message: &[u8]) -> Outcome<Option<usize>> {
    match message.windows(4).position(|four| four == b"\r\n\r\n") {
        Some(at) => Ok(Some(at + 4)),
        None if message.len() > MAX_HEADER => Err(Failure::new("an HTTP header does not end")),
        None => Ok(None),
    }
}

/// The response to an upgrade request, for the server's side of a handshake;
/// `None` asks for more of the request.
///
/// # Errors
///
/// A request without a key, or with bytes after it: no client under test speaks
/// before it is answered.
pub fn response(request: &[u8]) -> Outcome<Option<String>> {
    let Some(end) = header_end(request)? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&request[..end - 4]);
    let Some(key) = header(&text, "sec-websocket-key") else {
        return Err(Failure::new(format!("no upgrade request: {text}")));
    };
    if end != request.len() {
        return Err(Failure::new("the client spoke before it was answered"));
    }
    let accept = accept(key);
    Ok(Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )))
}

/// RFC 6455 §4.2.2: what proves that the request was read.
fn accept(key: &str) -> String {
    let proof = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes());
    BASE64_STANDARD.encode(proof)
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

    #[test]
    fn a_request_is_answered_when_it_is_complete() {
        let request = request_with(9, "/", "");
        let bytes = request.as_bytes();
        for cut in 0..bytes.len() {
            assert_eq!(response(&bytes[..cut]).expect("valid"), None);
        }
        let response = response(bytes).expect("valid").expect("complete");
        assert!(is_accepted(response.as_bytes()).expect("valid"));
    }

    #[test]
    fn other_requests_are_refused() {
        let request = request_with(9, "/", "");
        for request in [request.replace("Key", "Quay"), request + "x"] {
            assert!(response(request.as_bytes()).is_err());
        }
    }
}

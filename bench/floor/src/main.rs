//! The floor: an echo server on a bare epoll loop, with the protocol core of Ferrows and nothing
//! else. Each event is one `recv`, one decode and one `send`; no server on this machine can do with
//! less. It speaks the runner's language, see `bench/servers/control.js`.

#[allow(dead_code, unused_imports)]
#[path = "../../../src/protocol/mod.rs"]
mod protocol;

use std::io::{self, BufRead, Read, Write};
use std::net::SocketAddr;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use protocol::handshake::accept_key;
use protocol::{Connection, Event, FrameHeader, Limits, MessageKind, Opcode, Role};

const LISTENER: Token = Token(usize::MAX);

struct Client {
    stream: TcpStream,
    protocol: Option<Connection>,
    pending: Vec<u8>,
}

fn main() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    println!(
        r#"{{"port":{},"version":null,"pid":{}}}"#,
        listener.local_addr()?.port(),
        std::process::id()
    );
    std::thread::spawn(answer);

    let mut clients: Vec<Option<Client>> = Vec::new();
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 64 * 1024];
    let mut replies = Vec::new();
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    let token = Token(clients.len());
                    poll.registry()
                        .register(&mut stream, token, Interest::READABLE)?;
                    clients.push(Some(Client {
                        stream,
                        protocol: None,
                        pending: Vec::new(),
                    }));
                }
            } else if let Some(client) = &mut clients[event.token().0]
                && !client.serve(&mut buffer, &mut replies)
            {
                clients[event.token().0] = None;
            }
        }
    }
}

impl Client {
    /// Reads once and echoes what is whole. Returns false at the end of the connection.
    fn serve(&mut self, buffer: &mut [u8], replies: &mut Vec<u8>) -> bool {
        let kept = self.pending.len();
        buffer[..kept].copy_from_slice(&self.pending);
        let count = match self.stream.read(&mut buffer[kept..]) {
            Ok(0) => return false,
            Ok(count) => count,
            Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
        };
        self.pending.clear();
        let mut input = &mut buffer[..kept + count];
        replies.clear();
        let Some(protocol) = &mut self.protocol else {
            if input.ends_with(b"\r\n\r\n") {
                self.protocol = Some(Connection::new(Role::Server, Limits::default()));
                replies.extend(upgrade(input));
                return self.stream.write_all(replies).is_ok();
            }
            self.pending.extend_from_slice(input);
            return true;
        };
        loop {
            match protocol.receive(input) {
                Ok(Some(decoded)) => {
                    let Event::Message { kind, payload, .. } = decoded.event else {
                        return false;
                    };
                    let opcode = match kind {
                        MessageKind::Text => Opcode::TEXT,
                        MessageKind::Binary => Opcode::BINARY,
                    };
                    let header = FrameHeader {
                        fin: true,
                        rsv1: false,
                        opcode,
                        mask: None,
                        length: payload.len() as u64,
                    };
                    let mut encoded = [0; FrameHeader::MAX_LENGTH];
                    let length = header.encode(&mut encoded);
                    replies.extend_from_slice(&encoded[..length]);
                    replies.extend_from_slice(&input[payload]);
                    input = &mut input[decoded.consumed..];
                }
                Ok(None) => break,
                Err(_) => return false,
            }
        }
        self.pending.extend_from_slice(input);
        replies.is_empty() || self.stream.write_all(replies).is_ok()
    }
}

/// The response to an upgrade request.
fn upgrade(request: &[u8]) -> Vec<u8> {
    let request = String::from_utf8_lossy(request);
    let key = request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"))
        .map_or("", |(_, value)| value.trim());
    let accept = accept_key(key);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .into_bytes()
}

/// Answers the runner's question for the CPU time, and ends with its standard input.
fn answer() {
    for line in io::stdin().lock().lines() {
        match line.as_deref() {
            Ok("cpu") => {
                let [user, system] = cpu_micros();
                let rss = resident();
                println!(r#"{{"cpu":{{"user":{user},"system":{system}}},"rss":{rss}}}"#);
            }
            _ => break,
        }
    }
    std::process::exit(0);
}

/// Resident memory of this process, in bytes; 0 if the system does not say.
fn resident() -> usize {
    const PAGE: usize = 4096;
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages
        .split(' ')
        .nth(1)
        .and_then(|count| count.parse::<usize>().ok())
        .map_or(0, |count| count * PAGE)
}

/// User and system time of this process, in microseconds.
fn cpu_micros() -> [i64; 2] {
    // SAFETY: `rusage` is plain numbers, for which zero is a value, and the call fills it.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    [usage.ru_utime, usage.ru_stime].map(|time| time.tv_sec * 1_000_000 + time.tv_usec)
}

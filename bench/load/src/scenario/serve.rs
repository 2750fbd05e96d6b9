//! serve: the other way round. Clients under test connect, and get the same
//! message as fast as TCP takes it.
//!
//! ```text
//! load                                client
//!  │ message, message, message … ─────▶ │ counts
//!  │ an empty binary message ─────────▶ │
//!  │ ◀──── a text message: "<count> <last message>" │
//! ```
//!
//! The answer comes when everything before the question has been handled, so it
//! is the quiet end of a period.

use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::{Exchange, Period, STALL};
use crate::connection::READ_LEN;
use crate::failure::{Failure, Outcome};
use crate::frame::{self, OPCODE_BINARY};
use crate::gate;
use crate::handshake;
use crate::histogram::Histogram;
use crate::options::Options;
use crate::outgoing::Outgoing;
use crate::payload::Payload;
use crate::report::Tally;
use crate::stream::Stream;
use crate::system::{Epoll, Interest};

/// Bytes of frames that are written at once, about.
const BURST_LEN: usize = 256 * 1024;

pub struct Serve {
    epoll: Epoll,
    clients: Vec<Client>,
    /// Messages in a burst.
    burst: usize,
    buffer: Vec<u8>,
}

struct Client {
    stream: Stream,
    /// What it is sent.
    message: Vec<u8>,
    messages: Outgoing,
    question: Outgoing,
    /// Messages since the handshake.
    sent: u64,
    stage: Stage,
}

enum Stage {
    Receiving,
    /// With the answer as far as it has arrived.
    Asked(Vec<u8>),
    Answered,
}

impl Serve {
    /// Listens, and waits for all clients.
    pub fn open(options: &Options) -> Outcome<Self> {
        let payload = Payload::new(options.size, options.binary);
        let question = frame::encode_unmasked(OPCODE_BINARY, &[]);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        let port = listener.local_addr()?.port();
        gate::print_line(&format!(r#"{{"event":"listening","port":{port}}}"#))?;

        let epoll = Epoll::new()?;
        let mut burst = 0;
        let mut clients = Vec::with_capacity(options.connections);
        for number in 0..options.connections {
            let message = payload.of(number);
            let frame = frame::encode_unmasked(payload.opcode, &message);
            burst = BURST_LEN.div_ceil(frame.len());
            let client = Client {
                stream: accept(&listener)?,
                message,
                messages: Outgoing::new(&frame, burst),
                question: Outgoing::new(&question, 1),
                sent: 0,
                stage: Stage::Answered,
            };
            epoll.add(client.stream.as_fd(), number, Interest::Read)?;
            clients.push(client);
        }
        Ok(Self {
            epoll,
            clients,
            burst,
            buffer: vec![0; READ_LEN],
        })
    }
}

/// Accepts a connection and answers its handshake; the socket does not block.
fn accept(listener: &TcpListener) -> Outcome<Stream> {
    let mut queue = Epoll::new()?;
    queue.add(listener.as_fd(), 0, Interest::Read)?;
    if queue.wait(STALL)? == 0 {
        return Err(Failure::new("no client has connected"));
    }
    let (mut socket, _) = listener.accept()?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(STALL))?;
    let mut request = Vec::new();
    let response = loop {
        match handshake::response(&request)? {
            Some(response) => break response,
            None => handshake::read_more(&mut socket, &mut request)?,
        }
    };
    let mut stream = Stream::Plain(socket);
    stream.send(response.as_bytes())?;
    stream.tcp().set_nonblocking(true)?;
    Ok(stream)
}

impl Client {
    /// Sends a burst more, or asks if it is time to; returns whether more is to be sent.
    fn send(&mut self, burst: usize, is_over: bool) -> Outcome<bool> {
        if matches!(self.stage, Stage::Receiving) && !self.messages.is_blocked() {
            if is_over {
                self.stage = Stage::Asked(Vec::new());
                self.question.push(1);
            } else {
                self.messages.push(burst);
                self.sent += burst as u64;
            }
        }
        if self.messages.is_blocked() {
            self.messages.flush(&mut self.stream)?;
        } else {
            self.question.flush(&mut self.stream)?;
        }
        Ok(matches!(self.stage, Stage::Receiving) || self.question.is_blocked())
    }

    /// Reads what the client says; returns whether that is the answer.
    fn receive(&mut self, buffer: &mut [u8]) -> Outcome<bool> {
        let count = match self.stream.read(buffer) {
            Ok(0) => return Err(Failure::new("a client ended its connection")),
            Ok(count) => count,
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                return Ok(false);
            }
            Err(error) => return Err(Failure::new(format!("read: {error}"))),
        };
        let Stage::Asked(answer) = &mut self.stage else {
            return Err(Failure::new("a client spoke without being asked"));
        };
        answer.extend_from_slice(&buffer[..count]);
        let Some(answer) = frame::decode_text(answer)? else {
            return Ok(false);
        };
        let mut due = format!("{} ", self.sent).into_bytes();
        due.extend_from_slice(&self.message);
        if answer != due {
            return Err(Failure::new(format!(
                "a client answered \"{}\" where \"{}\" was due",
                answer.escape_ascii(),
                due.escape_ascii()
            )));
        }
        self.stage = Stage::Answered;
        Ok(true)
    }
}

impl Exchange for Serve {
    fn exchange(&mut self, length: Duration, _thorough: bool) -> Outcome<Tally> {
        let period = Period::begin(length)?;
        let before: u64 = self.clients.iter().map(|client| client.sent).sum();
        for (number, client) in self.clients.iter_mut().enumerate() {
            client.stage = Stage::Receiving;
            self.epoll
                .modify(client.stream.as_fd(), number, Interest::ReadWrite)?;
        }
        let mut open = self.clients.len();
        while open > 0 {
            let count = self.epoll.wait(STALL)?;
            if count == 0 {
                return Err(Failure::new(format!(
                    "{open} clients hang: nothing for {} s",
                    STALL.as_secs()
                )));
            }
            for index in 0..count {
                let ready = self.epoll.ready(index);
                let client = &mut self.clients[ready.token];
                if ready.writable && !client.send(self.burst, period.is_over(Instant::now()))? {
                    self.epoll
                        .modify(client.stream.as_fd(), ready.token, Interest::Read)?;
                }
                if ready.readable && client.receive(&mut self.buffer)? {
                    open -= 1;
                }
            }
        }
        let (elapsed, cpu) = period.end()?;
        let after: u64 = self.clients.iter().map(|client| client.sent).sum();
        Ok(Tally {
            messages: after - before,
            elapsed,
            // Nothing comes back.
            latency: Histogram::new(),
            cpu,
            wire: None,
        })
    }
}

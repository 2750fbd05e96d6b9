//! deflate: echo of compressed messages. Every connection has one message
//! outstanding; each message differs from the one before, and everything that comes
//! back is decompressed and compared, in the measured period too.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::{Exchange, Period, STALL};
use crate::connection::READ_LEN;
use crate::deflate::Inflater;
use crate::extension::Agreement;
use crate::failure::{Failure, Outcome};
use crate::frame::{self, OPCODE_TEXT};
use crate::handshake::Target;
use crate::histogram::Histogram;
use crate::options::Options;
use crate::report::Tally;
use crate::script::Script;
use crate::stream::Stream;
use crate::system::{Epoll, Interest};

pub struct DeflatePump {
    epoll: Epoll,
    connections: Vec<Connection>,
    script: Script,
    /// For all connections, if the server keeps no context.
    inflater: Inflater,
    buffer: Vec<u8>,
}

struct Connection {
    stream: Stream,
    /// For this one, if the server keeps its context.
    inflater: Option<Inflater>,
    /// Where it is in the script: the message that is outstanding, or the next.
    place: usize,
    /// Bytes of that message's frame that the stream has taken.
    written: usize,
    /// A frame as far as it has arrived.
    received: Vec<u8>,
    sent_at: Instant,
    sent: u64,
    echoed: u64,
}

/// When a connection sends no more.
enum End {
    After(Duration),
    Messages(u64),
}

/// A message came back.
struct Echo {
    at: Instant,
    latency: Duration,
    /// Bytes of its payload as it arrived.
    wire: usize,
}

impl DeflatePump {
    /// Opens all connections.
    pub fn open(options: &Options) -> Outcome<Self> {
        let target = Target::new(options)?;
        let epoll = Epoll::new()?;
        let mut connections = Vec::with_capacity(options.connections);
        let mut common: Option<(Agreement, Script)> = None;
        for number in 0..options.connections {
            let (stream, answer) = target.negotiate()?;
            let agreement = Agreement::parse(&answer, options.takeover)?;
            let (first, script) = match &mut common {
                Some(common) => common,
                none => none.insert((agreement, Script::new(options.size, agreement)?)),
            };
            if agreement != *first {
                return Err(Failure::new("two connections were answered differently"));
            }
            epoll.add(stream.as_fd(), number, Interest::Read)?;
            connections.push(Connection {
                stream,
                inflater: agreement.server_takeover.then(|| Inflater::new(true)),
                place: script.start(number),
                written: 0,
                received: Vec::new(),
                sent_at: Instant::now(),
                sent: 0,
                echoed: 0,
            });
        }
        let (_, script) = common.ok_or_else(|| Failure::new("no connections"))?;
        Ok(Self {
            epoll,
            connections,
            script,
            inflater: Inflater::new(false),
            buffer: vec![0; READ_LEN],
        })
    }

    /// Each connection sends `count` messages and gets them back.
    pub fn exchange_some(&mut self, count: u64) -> Outcome<Tally> {
        self.run(End::Messages(count))
    }

    pub fn into_streams(self) -> impl Iterator<Item = Stream> {
        self.connections.into_iter().map(|it| it.stream)
    }

    fn run(&mut self, end: End) -> Outcome<Tally> {
        let period = Period::begin(match end {
            End::After(length) => length,
            End::Messages(_) => Duration::MAX,
        })?;
        let mut latency = Histogram::new();
        let (mut messages, mut wire) = (0, 0);
        for number in 0..self.connections.len() {
            self.send(number)?;
        }
        let mut open = self.connections.len();
        while open > 0 {
            let count = self.epoll.wait(STALL)?;
            if count == 0 {
                return Err(Failure::new(format!(
                    "{open} messages did not come back: nothing for {} s",
                    STALL.as_secs()
                )));
            }
            for index in 0..count {
                let ready = self.epoll.ready(index);
                if ready.writable {
                    self.flush(ready.token)?;
                }
                if !ready.readable {
                    continue;
                }
                let connection = &mut self.connections[ready.token];
                let Some(echo) =
                    connection.receive(&mut self.buffer, &self.script, &mut self.inflater)?
                else {
                    continue;
                };
                latency.record(echo.latency);
                messages += 1;
                wire += echo.wire as u64;
                let is_over = match end {
                    End::After(_) => period.is_over(echo.at),
                    End::Messages(count) => connection.sent == count,
                };
                if is_over {
                    open -= 1;
                } else {
                    self.send(ready.token)?;
                }
            }
        }
        let (elapsed, cpu) = period.end()?;
        Ok(Tally {
            messages,
            elapsed,
            latency,
            cpu,
            wire: Some(wire),
        })
    }

    fn send(&mut self, number: usize) -> Outcome<()> {
        let connection = &mut self.connections[number];
        connection.sent += 1;
        connection.sent_at = Instant::now();
        if connection.write(&self.script)? {
            self.epoll
                .modify(connection.stream.as_fd(), number, Interest::ReadWrite)?;
        }
        Ok(())
    }

    fn flush(&mut self, number: usize) -> Outcome<()> {
        let connection = &mut self.connections[number];
        if !connection.write(&self.script)? {
            self.epoll
                .modify(connection.stream.as_fd(), number, Interest::Read)?;
        }
        Ok(())
    }
}

impl Exchange for DeflatePump {
    /// Thorough in any case.
    fn exchange(&mut self, period: Duration, _thorough: bool) -> Outcome<Tally> {
        self.run(End::After(period))
    }
}

impl Connection {
    /// Writes what is left of the outstanding message; returns whether something
    /// still is.
    fn write(&mut self, script: &Script) -> Outcome<bool> {
        let frame = script.frame(self.place);
        while self.written < frame.len() {
            match self.stream.write(&frame[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::new(format!("write: {error}"))),
            }
        }
        match self.stream.flush() {
            Ok(()) => Ok(false),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(true),
            Err(error) => Err(Failure::new(format!("write: {error}"))),
        }
    }

    /// One read; the outstanding message, if the read completes it.
    fn receive(
        &mut self,
        buffer: &mut [u8],
        script: &Script,
        common: &mut Inflater,
    ) -> Outcome<Option<Echo>> {
        let count = match self.stream.read(buffer) {
            Ok(0) => return Err(Failure::new("the server ended a connection")),
            Ok(count) => count,
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(Failure::new(format!("read: {error}"))),
        };
        let at = Instant::now();
        // Mostly a read brings a whole frame, which need not be copied.
        let bytes = if self.received.is_empty() {
            &buffer[..count]
        } else {
            self.received.extend_from_slice(&buffer[..count]);
            &self.received
        };
        let Some(payload) = payload(bytes)? else {
            if self.received.is_empty() {
                self.received.extend_from_slice(&buffer[..count]);
            }
            return Ok(None);
        };
        self.echoed += 1;
        if self.echoed != self.sent {
            return Err(Failure::new("more messages came back than were sent"));
        }
        let wire = payload.len();
        let inflater = self.inflater.as_mut().unwrap_or(common);
        inflater.check(payload, script.message(self.place))?;
        self.received.clear();
        self.place += 1;
        self.written = 0;
        Ok(Some(Echo {
            at,
            latency: at.duration_since(self.sent_at),
            wire,
        }))
    }
}

/// The payload of the one compressed text message in `bytes`; `None` if there is
/// more to come.
fn payload(bytes: &[u8]) -> Outcome<Option<&[u8]>> {
    let Some(header) = frame::parse_header(bytes)? else {
        return Ok(None);
    };
    if header.opcode != OPCODE_TEXT {
        let opcode = header.opcode;
        return Err(Failure::new(format!(
            "a frame with opcode 0x{opcode:x} where a text message was due"
        )));
    }
    if !header.compressed {
        return Err(Failure::new("a message came back that is not compressed"));
    }
    let rest = &bytes[header.len..];
    if rest.len() > header.payload_len {
        return Err(Failure::new("more messages came back than were sent"));
    }
    Ok((rest.len() == header.payload_len).then_some(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_taken_when_it_is_whole() {
        let bytes = [0xc1, 0x03, 1, 2, 3];
        for cut in 0..bytes.len() {
            assert_eq!(payload(&bytes[..cut]).expect("valid"), None);
        }
        assert_eq!(payload(&bytes).expect("valid"), Some(&[1, 2, 3][..]));
    }

    #[test]
    fn what_is_not_one_compressed_text_is_refused() {
        for bytes in [
            &[0x81, 0x01, b'x'][..],
            &[0xc2, 0x00],
            &[0x88, 0x00],
            &[0xc1, 0x00, 0xc1],
        ] {
            assert!(payload(bytes).is_err(), "{bytes:?}");
        }
    }
}

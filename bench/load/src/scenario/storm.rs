//! storm: connect, echo once, close; as soon as the server has ended the
//! connection, the next one takes its place.
//!
//! ```text
//! Opening ── 101 ──▶ Echoing ── echo ──▶ Closing ── close frame, FIN ──▶ done
//! request            message             close frame
//! ```

use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::{Exchange, Period, STALL};
use crate::connection::READ_LEN;
use crate::failure::{Failure, Outcome};
use crate::frame::{self, OPCODE_CLOSE};
use crate::handshake::{self, Target};
use crate::histogram::Histogram;
use crate::options::Options;
use crate::payload::Payload;
use crate::receiver::{Expectation, Receiver, Senders};
use crate::report::Tally;
use crate::stream::Stream;
use crate::system::{Epoll, Interest};

const NORMAL_CLOSURE: u16 = 1000;

pub struct Storm {
    epoll: Epoll,
    slots: Vec<Option<Visit>>,
    expectation: Expectation,
    /// The frame of each slot.
    frames: Vec<Vec<u8>>,
    close_frame: Vec<u8>,
    target: Target,
    buffer: Vec<u8>,
}

/// One connection from opening to end.
struct Visit {
    stream: Stream,
    receiver: Receiver,
    stage: Stage,
    began: Instant,
}

enum Stage {
    /// With the response as far as it has arrived.
    Opening(Vec<u8>),
    Echoing,
    /// With whether the server's close frame has arrived.
    Closing(bool),
}

impl Storm {
    pub fn new(options: &Options) -> Outcome<Self> {
        let payload = Payload::new(options.size, options.binary);
        let frame = |number| frame::encode(payload.opcode, &payload.of(number));
        Ok(Self {
            epoll: Epoll::new()?,
            slots: (0..options.connections).map(|_| None).collect(),
            frames: (0..options.connections).map(frame).collect(),
            close_frame: frame::encode(OPCODE_CLOSE, &NORMAL_CLOSURE.to_be_bytes()),
            expectation: Expectation {
                payload,
                senders: Senders::Itself,
            },
            target: Target::new(options)?,
            buffer: vec![0; READ_LEN],
        })
    }

    fn begin(&mut self, number: usize) -> Outcome<()> {
        let began = Instant::now();
        let stream = self.target.begin()?;
        self.epoll.add(stream.as_fd(), number, Interest::Read)?;
        self.slots[number] = Some(Visit {
            stream,
            receiver: Receiver::new(number),
            stage: Stage::Opening(Vec::new()),
            began,
        });
        Ok(())
    }

    /// Serves a readable connection; returns whether it is done.
    fn serve(&mut self, number: usize, thorough: bool, latency: &mut Histogram) -> Outcome<bool> {
        let visit = self.slots[number]
            .as_mut()
            .ok_or_else(|| Failure::new("an event of a closed connection"))?;
        let carried = visit.receiver.take_carry(&mut self.buffer);
        let count = match visit.stream.read(&mut self.buffer[carried..]) {
            Ok(0) if matches!(visit.stage, Stage::Closing(true)) => return Ok(true),
            Ok(0) => return Err(Failure::new("the server ended a connection too early")),
            Ok(count) => count,
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                0
            }
            Err(error) => return Err(Failure::new(format!("read: {error}"))),
        };
        let bytes = &self.buffer[..carried + count];
        if let Stage::Opening(response) = &mut visit.stage {
            response.extend_from_slice(bytes);
            if handshake::is_accepted(response)? {
                visit.stage = Stage::Echoing;
                visit.stream.send(&self.frames[number])?;
            }
            return Ok(false);
        }
        let found = visit.receiver.scan(bytes, &self.expectation, thorough)?;
        match (&visit.stage, found.messages, found.close) {
            (_, 0, None) => {}
            (Stage::Echoing, 1, None) => {
                latency.record(visit.began.elapsed());
                visit.stage = Stage::Closing(false);
                visit.stream.send(&self.close_frame)?;
            }
            (Stage::Closing(false), 0, Some(NORMAL_CLOSURE)) => {
                visit.stage = Stage::Closing(true);
            }
            (_, messages, close) => {
                return Err(Failure::new(format!(
                    "unexpected: {messages} messages, close code {close:?}"
                )));
            }
        }
        Ok(false)
    }
}

impl Exchange for Storm {
    fn exchange(&mut self, length: Duration, thorough: bool) -> Outcome<Tally> {
        let period = Period::begin(length)?;
        let mut latency = Histogram::new();
        let mut messages = 0;
        for number in 0..self.slots.len() {
            self.begin(number)?;
        }
        let mut open = self.slots.len();
        while open > 0 {
            let count = self.epoll.wait(STALL)?;
            if count == 0 {
                return Err(Failure::new(format!(
                    "{open} connections hang: nothing for {} s",
                    STALL.as_secs()
                )));
            }
            for index in 0..count {
                let number = self.epoll.ready(index).token;
                if !self.serve(number, thorough, &mut latency)? {
                    continue;
                }
                messages += 1;
                self.slots[number] = None;
                if period.is_over(Instant::now()) {
                    open -= 1;
                } else {
                    self.begin(number)?;
                }
            }
        }
        let (elapsed, cpu) = period.end()?;
        Ok(Tally {
            messages,
            elapsed,
            latency,
            cpu,
            wire: None,
        })
    }
}

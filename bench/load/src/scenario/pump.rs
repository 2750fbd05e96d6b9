//! echo, lone, broadcast: every connection keeps `depth` messages outstanding.
//! All of them leave in one write; when `k` of its own messages come back in
//! one read, `k` new ones leave in one write.
//!
//! announce: one connection sends, and sends again when all have received it.

use std::thread;
use std::time::{Duration, Instant};

use super::{Exchange, Period, STALL};
use crate::connection::{Connection, READ_LEN};
use crate::failure::{Failure, Outcome};
use crate::handshake::Target;
use crate::histogram::Histogram;
use crate::options::{Options, Scenario};
use crate::payload::Payload;
use crate::receiver::{Expectation, Senders};
use crate::report::Tally;
use crate::system::{Epoll, Interest, Ready};

pub struct Pump {
    epoll: Epoll,
    connections: Vec<Connection>,
    expectation: Expectation,
    buffer: Vec<u8>,
    /// The connections that send: each of this many.
    stride: usize,
    active: usize,
    depth: usize,
    /// The rest after each message, if it is an announcement.
    pause: Option<Duration>,
    /// Messages received for each message sent: 1, or all connections.
    fan_out: u64,
    /// Messages still to be received, over all connections.
    outstanding: u64,
}

impl Pump {
    /// Opens all connections.
    pub fn open(options: &Options) -> Outcome<Self> {
        let announce = options.scenario == Scenario::Announce;
        let broadcast = announce || options.scenario == Scenario::Broadcast;
        let expectation = Expectation {
            payload: Payload::new(options.size, options.binary),
            senders: if broadcast {
                Senders::Everybody(options.connections)
            } else {
                Senders::Itself
            },
        };
        let target = Target::new(options)?;
        let epoll = Epoll::spinning(options.spin)?;
        let mut connections = Vec::with_capacity(options.connections);
        for number in 0..options.connections {
            let connection = Connection::new(
                target.open()?,
                number,
                options.depth,
                options.fragments,
                &expectation,
            );
            epoll.add(connection.socket(), number, Interest::Read)?;
            connections.push(connection);
        }
        Ok(Self {
            epoll,
            connections,
            expectation,
            buffer: vec![0; READ_LEN],
            stride: options.connections / options.active,
            active: options.active,
            depth: options.depth,
            pause: announce.then_some(options.pause),
            fan_out: if broadcast {
                options.connections as u64
            } else {
                1
            },
            outstanding: 0,
        })
    }

    fn send(&mut self, number: usize, count: usize, now: Instant) -> Outcome<()> {
        let connection = &mut self.connections[number];
        let was_blocked = connection.is_blocked();
        connection.send(count, now)?;
        self.outstanding += count as u64 * self.fan_out;
        if connection.is_blocked() && !was_blocked {
            self.epoll
                .modify(connection.socket(), number, Interest::ReadWrite)?;
        }
        Ok(())
    }

    fn flush(&mut self, number: usize) -> Outcome<()> {
        let connection = &mut self.connections[number];
        connection.flush()?;
        if !connection.is_blocked() {
            self.epoll
                .modify(connection.socket(), number, Interest::Read)?;
        }
        Ok(())
    }

    fn serve(&mut self, ready: Ready, run: &mut Run) -> Outcome<()> {
        let number = ready.token;
        if ready.writable {
            self.flush(number)?;
        }
        if !ready.readable {
            return Ok(());
        }
        let connection = &mut self.connections[number];
        let found = connection.receive(&mut self.buffer, &self.expectation, run.thorough)?;
        let now = Instant::now();
        for _ in 0..found.own {
            run.sent_at = connection.pop_sent_at()?;
            if self.pause.is_none() {
                run.latency.record(now.duration_since(run.sent_at));
            }
        }
        run.messages += found.messages as u64;
        self.outstanding = self
            .outstanding
            .checked_sub(found.messages as u64)
            .ok_or_else(|| Failure::new("more messages were received than were sent"))?;
        if let Some(pause) = self.pause {
            return self.announce(pause, now, run);
        }
        if found.own > 0 && !run.period.is_over(now) {
            self.send(number, found.own, now)?;
        }
        Ok(())
    }

    /// The next announcement, if everybody has the last one.
    fn announce(&mut self, pause: Duration, now: Instant, run: &mut Run) -> Outcome<()> {
        if self.outstanding > 0 {
            return Ok(());
        }
        run.latency.record(now.duration_since(run.sent_at));
        if !run.period.is_over(now) {
            thread::sleep(pause);
            self.send(0, 1, Instant::now())?;
        }
        Ok(())
    }

    /// Every connection received what it had to: its own messages, or everybody's.
    fn check_counts(&self) -> Outcome<()> {
        let total: u64 = self.connections.iter().map(|it| it.sent).sum();
        for (number, connection) in self.connections.iter().enumerate() {
            let due = if self.expectation.senders == Senders::Itself {
                connection.sent
            } else {
                total
            };
            if connection.received != due {
                return Err(Failure::new(format!(
                    "connection {number} received {} messages, {due} were due",
                    connection.received
                )));
            }
        }
        Ok(())
    }
}

/// A period under way.
struct Run {
    period: Period,
    thorough: bool,
    messages: u64,
    latency: Histogram,
    /// When the message was sent that came back last.
    sent_at: Instant,
}

impl Exchange for Pump {
    fn exchange(&mut self, period: Duration, thorough: bool) -> Outcome<Tally> {
        let mut run = Run {
            period: Period::begin(period)?,
            thorough,
            messages: 0,
            latency: Histogram::new(),
            sent_at: Instant::now(),
        };
        for index in 0..self.active {
            self.send(index * self.stride, self.depth, Instant::now())?;
        }
        while self.outstanding > 0 {
            let count = self.epoll.wait(STALL)?;
            if count == 0 {
                return Err(Failure::new(format!(
                    "{} messages did not arrive: nothing for {} s",
                    self.outstanding,
                    STALL.as_secs()
                )));
            }
            for index in 0..count {
                self.serve(self.epoll.ready(index), &mut run)?;
            }
        }
        let (elapsed, cpu) = run.period.end()?;
        self.check_counts()?;
        Ok(Tally {
            messages: run.messages,
            elapsed,
            latency: run.latency,
            cpu,
            wire: None,
        })
    }
}

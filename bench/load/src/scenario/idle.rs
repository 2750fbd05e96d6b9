//! idle: open all connections and hold them until stdin closes.

use std::io::{ErrorKind, Read};

use super::Period;
use crate::failure::{Failure, Outcome};
use crate::gate;
use crate::handshake::Target;
use crate::histogram::Histogram;
use crate::options::Options;
use crate::report::Tally;
use crate::stream::Stream;

pub fn run(options: &Options) -> Outcome<()> {
    let target = Target::new(options)?;
    let period = Period::begin(options.measured)?;
    let mut streams = Vec::with_capacity(options.connections);
    for _ in 0..options.connections {
        streams.push(target.open()?);
    }
    let (elapsed, cpu) = period.end()?;
    let tally = Tally {
        messages: 0,
        elapsed,
        latency: Histogram::new(),
        cpu,
    };
    gate::print_line(&tally.to_json(options))?;
    gate::hold()?;
    streams.into_iter().try_for_each(check_open)
}

/// A connection that was held is still open, and nothing arrived on it.
fn check_open(mut stream: Stream) -> Outcome<()> {
    match stream.read(&mut [0]) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(Failure::new(format!("an idle connection broke: {error}"))),
        Ok(0) => Err(Failure::new("the server ended an idle connection")),
        Ok(_) => Err(Failure::new("the server spoke on an idle connection")),
    }
}

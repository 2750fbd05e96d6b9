//! idle: open all connections and hold them until stdin closes.
//! deflate-idle: the same, after each has exchanged a few compressed messages.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use super::Period;
use super::deflate::DeflatePump;
use crate::failure::{Failure, Outcome};
use crate::gate;
use crate::handshake::Target;
use crate::histogram::Histogram;
use crate::options::Options;
use crate::report::Tally;
use crate::stream::Stream;

/// Connections that exchange compressed messages at the same time.
const BATCH: usize = 100;

/// Messages that each of them sends.
const MESSAGES: u64 = 4;

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
        wire: None,
    };
    hold(streams, tally, options)
}

/// Connections come in batches, as large as those of an echo scenario.
pub fn run_compressed(options: &Options) -> Outcome<()> {
    let mut streams = Vec::with_capacity(options.connections);
    let mut tally = Tally {
        messages: 0,
        elapsed: Duration::ZERO,
        latency: Histogram::new(),
        cpu: Duration::ZERO,
        wire: Some(0),
    };
    while streams.len() < options.connections {
        let connections = BATCH.min(options.connections - streams.len());
        let batch = Options {
            connections,
            ..options.clone()
        };
        let mut pump = DeflatePump::open(&batch)?;
        let part = pump.exchange_some(MESSAGES)?;
        tally.messages += part.messages;
        tally.elapsed += part.elapsed;
        tally.cpu += part.cpu;
        tally.wire = tally.wire.zip(part.wire).map(|(a, b)| a + b);
        streams.extend(pump.into_streams());
    }
    hold(streams, tally, options)
}

fn hold(streams: Vec<Stream>, tally: Tally, options: &Options) -> Outcome<()> {
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

//! The scenarios: what is sent when.

mod deflate;
mod idle;
mod pump;
mod serve;
mod storm;

use std::time::{Duration, Instant};

use crate::failure::Outcome;
use crate::gate::{self, Gate};
use crate::options::{Options, Scenario};
use crate::report::Tally;
use crate::{handshake, system};

/// Runs the scenario that `options` name and prints its report.
pub fn run(options: &Options) -> Outcome<()> {
    match options.scenario {
        Scenario::Echo | Scenario::Lone | Scenario::Broadcast | Scenario::Announce => {
            measure(pump::Pump::open(options)?, options)
        }
        Scenario::Storm => measure(storm::Storm::new(options)?, options),
        Scenario::Serve => measure(serve::Serve::open(options)?, options),
        Scenario::Deflate => measure(deflate::DeflatePump::open(options)?, options),
        Scenario::Idle => idle::run(options),
        Scenario::DeflateIdle => idle::run_compressed(options),
    }
}

/// A scenario that exchanges messages for a given time.
trait Exchange {
    /// Exchanges messages for `period` and then until nothing is outstanding.
    /// A thorough run compares the whole content of every message.
    fn exchange(&mut self, period: Duration, thorough: bool) -> Outcome<Tally>;
}

fn measure(mut scenario: impl Exchange, options: &Options) -> Outcome<()> {
    let gate = Gate::new(options.gated);
    if !options.warmup.is_zero() {
        scenario.exchange(options.warmup, true)?;
    }
    gate.ready()?;
    let tally = scenario.exchange(options.measured, false)?;
    gate::print_line(&tally.to_json(options))?;
    gate.hold()
}

/// The start of a period: its clock and the CPU time used until then.
struct Period {
    start: Instant,
    length: Duration,
    cpu: Duration,
}

impl Period {
    fn begin(length: Duration) -> Outcome<Self> {
        Ok(Self {
            start: Instant::now(),
            length,
            cpu: system::cpu_time()?,
        })
    }

    #[inline]
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.start) >= self.length
    }

    /// Time since the start, and CPU time used since then.
    fn end(&self) -> Outcome<(Duration, Duration)> {
        let elapsed = self.start.elapsed();
        Ok((elapsed, system::cpu_time()?.saturating_sub(self.cpu)))
    }
}

/// How long a scenario waits for the next event before it gives up.
const STALL: Duration = handshake::STALL;

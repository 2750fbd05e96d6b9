//! The one line of JSON.

use std::time::Duration;

use crate::histogram::Histogram;
use crate::options::Options;

/// What a measured period came to.
pub struct Tally {
    /// Messages received; storm: connections served from opening to end.
    pub messages: u64,
    /// From the first message to the last answer.
    pub elapsed: Duration,
    /// Of a connection's own messages; storm: from connecting to the echo; announce:
    /// until the last client has it.
    pub latency: Histogram,
    /// User and system time of this process over the same period.
    pub cpu: Duration,
    /// Bytes of the payloads received, as they were on the wire; `None` where that
    /// is the size of the messages.
    pub wire: Option<u64>,
}

impl Tally {
    pub fn to_json(&self, options: &Options) -> String {
        let percentile = |share| match self.latency.percentile(share) {
            Some(micros) => format!("{micros:.1}"),
            None => "null".to_owned(),
        };
        format!(
            "{{\"event\":\"report\",\"scenario\":\"{}\",\"connections\":{},\"depth\":{},\
             \"size\":{},\"binary\":{},\"messages\":{},\"seconds\":{:.6},\"p50Micros\":{},\
             \"p99Micros\":{},\"p999Micros\":{},\"cpuSeconds\":{:.6},\
             \"wireBytes\":{}}}",
            options.scenario.name(),
            options.connections,
            options.depth,
            options.size,
            options.binary,
            self.messages,
            self.elapsed.as_secs_f64(),
            percentile(0.5),
            percentile(0.99),
            percentile(0.999),
            self.cpu.as_secs_f64(),
            self.wire
                .map_or_else(|| "null".to_owned(), |bytes| bytes.to_string()),
        )
    }
}

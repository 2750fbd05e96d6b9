//! The command line.

use std::str::FromStr;
use std::time::Duration;

use crate::failure::{Failure, Outcome};
use crate::json;
use crate::payload::TAG_LEN;

pub const USAGE: &str = "\
usage: load <scenario> --port <port> [option…]
       load serve [--port <port>] [option…]

  --tls              speak TLS 1.3; any certificate will do
  --connections <n>  connections; storm: how many are open at a time (100)
  --depth <n>        messages outstanding per connection (1)
  --active <n>       connections that send; the others are idle (all)
  --fragments <n>    frames that each message is sent in (1)
  --pause <ms>       announce: rest after each message (5)
  --size <bytes>     payload of each message, at least 8 (64)
  --binary           send binary messages instead of text
  --seconds <s>      length of the measured period (3)
  --warmup <s>       length of the warm-up before it (1)
  --takeover         deflate: both sides keep their contexts from message to message
  --path <path>      request target of the handshake (/)
  --pin              stay on one processor, if there are several
  --spin             echo, lone, broadcast, announce: never sleep, but ask again and again
  --gated            print {\"event\":\"ready\"} before the measured period and wait
                     for a line on stdin; afterwards hold the connections until
                     stdin closes (idle and deflate-idle always hold)

Scenarios: echo; lone, which is echo with one connection at depth 1; broadcast; announce,
a broadcast of which one connection sends each message when all have received the last
one, so that latency is the time to the last client; storm, in which each connection is
opened for one echo and closed; idle; deflate, an echo of compressed messages at depth 1,
different texts of at least 64 bytes, which have to come back compressed; deflate-idle,
which exchanges a few of them on each connection, and is then idle. One line of JSON is
printed.

serve is a server: it prints {\"event\":\"listening\",\"port\":…}, waits for --connections
clients (1), and sends each the same message as fast as it takes it. At the end
of the warm-up and of the measured period it asks each client, by an empty binary
message, for a text message with the number of text messages received so far, a
space, and the last of them.";

/// The most connections whose tags differ (see [`crate::payload`]).
const MAX_CONNECTIONS: usize = 999_999;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    Echo,
    Lone,
    Broadcast,
    Announce,
    Idle,
    Storm,
    Serve,
    Deflate,
    DeflateIdle,
}

#[derive(Clone, Debug)]
pub struct Options {
    pub scenario: Scenario,
    pub port: u16,
    pub connections: usize,
    /// Those that send, of all.
    pub active: usize,
    pub depth: usize,
    /// Frames of a message.
    pub fragments: usize,
    /// The rest after an announcement.
    pub pause: Duration,
    /// Bytes.
    pub size: usize,
    pub binary: bool,
    pub measured: Duration,
    pub warmup: Duration,
    pub path: String,
    pub tls: bool,
    pub takeover: bool,
    pub pin: bool,
    pub spin: bool,
    pub gated: bool,
}

impl Scenario {
    pub fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Lone => "lone",
            Self::Broadcast => "broadcast",
            Self::Announce => "announce",
            Self::Idle => "idle",
            Self::Storm => "storm",
            Self::Serve => "serve",
            Self::Deflate => "deflate",
            Self::DeflateIdle => "deflate-idle",
        }
    }

    /// Whether permessage-deflate is offered, and required.
    pub fn is_compressed(self) -> bool {
        matches!(self, Self::Deflate | Self::DeflateIdle)
    }

    /// Whether messages go back and forth all the time.
    fn is_exchange(self) -> bool {
        matches!(
            self,
            Self::Echo | Self::Lone | Self::Broadcast | Self::Announce
        )
    }

    fn from_name(name: &str) -> Outcome<Self> {
        [
            Self::Echo,
            Self::Lone,
            Self::Broadcast,
            Self::Announce,
            Self::Idle,
            Self::Storm,
            Self::Serve,
            Self::Deflate,
            Self::DeflateIdle,
        ]
        .into_iter()
        .find(|scenario| scenario.name() == name)
        .ok_or_else(|| Failure::new(format!("unknown scenario \"{name}\"\n{USAGE}")))
    }
}

impl Options {
    pub fn parse(arguments: &[String]) -> Outcome<Self> {
        let (name, rest) = arguments.split_first().ok_or_else(|| Failure::new(USAGE))?;
        let scenario = Scenario::from_name(name)?;
        let mut options = Self {
            scenario,
            port: 0,
            connections: match scenario {
                Scenario::Lone | Scenario::Serve => 1,
                _ => 100,
            },
            active: usize::MAX,
            depth: 1,
            fragments: 1,
            pause: Duration::from_millis(5),
            size: 64,
            binary: false,
            measured: Duration::from_secs(3),
            warmup: Duration::from_secs(1),
            path: "/".to_owned(),
            tls: false,
            takeover: false,
            pin: false,
            spin: false,
            gated: false,
        };
        let mut rest = rest.iter();
        while let Some(name) = rest.next() {
            let mut value = || {
                rest.next()
                    .ok_or_else(|| Failure::new(format!("{name} needs a value")))
            };
            match name.as_str() {
                "--port" => options.port = number(name, value()?)?,
                "--connections" => options.connections = number(name, value()?)?,
                "--active" => options.active = number(name, value()?)?,
                "--fragments" => options.fragments = number(name, value()?)?,
                "--pause" => options.pause = Duration::from_millis(number(name, value()?)?),
                "--depth" => options.depth = number(name, value()?)?,
                "--size" => options.size = number(name, value()?)?,
                "--binary" => options.binary = true,
                "--seconds" => options.measured = duration(name, value()?)?,
                "--warmup" => options.warmup = duration(name, value()?)?,
                "--path" => options.path = value()?.clone(),
                "--tls" => options.tls = true,
                "--takeover" => options.takeover = true,
                "--pin" => options.pin = true,
                "--spin" => options.spin = true,
                "--gated" => options.gated = true,
                _ => return Err(Failure::new(format!("unknown option {name}\n{USAGE}"))),
            }
        }
        options.active = match scenario {
            Scenario::Announce => 1,
            _ => options.active.min(options.connections),
        };
        options.check()
    }

    fn check(self) -> Outcome<Self> {
        let serves = self.scenario == Scenario::Serve;
        let fault = if self.port == 0 && !serves {
            "--port is required"
        } else if self.connections == 0 || self.connections > MAX_CONNECTIONS {
            "--connections must be 1 to 999999"
        } else if self.depth == 0 || self.active == 0 || self.fragments == 0 {
            "--depth, --active and --fragments must be at least 1"
        } else if self.scenario == Scenario::Announce && self.depth != 1 {
            "announce has depth 1"
        } else if self.size < TAG_LEN {
            "--size must be at least 8"
        } else if self.scenario == Scenario::Lone && (self.connections, self.depth) != (1, 1) {
            "lone has one connection and depth 1"
        } else if self.spin && !self.scenario.is_exchange() {
            "--spin is for echo, lone, broadcast and announce"
        } else if serves && (self.depth, self.binary, self.tls) != (1, false, false) {
            "serve has no --depth, --binary or --tls"
        } else if self.takeover && !self.scenario.is_compressed() {
            "--takeover is for deflate and deflate-idle"
        } else if self.scenario.is_compressed()
            && ((self.depth, self.binary) != (1, false) || self.size < json::LEAST_SIZE)
        {
            "deflate has no --depth or --binary, and no --size under 64"
        } else {
            return Ok(self);
        };
        Err(Failure::new(fault))
    }
}

fn number<T: FromStr>(name: &str, value: &str) -> Outcome<T> {
    value
        .parse()
        .map_err(|_| Failure::new(format!("{name}: \"{value}\" is not a number in range")))
}

fn duration(name: &str, value: &str) -> Outcome<Duration> {
    Duration::try_from_secs_f64(number(name, value)?)
        .map_err(|_| Failure::new(format!("{name}: \"{value}\" is not a duration")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Outcome<Options> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&arguments)
    }

    #[test]
    fn every_option_is_read() {
        let options = parse(
            "broadcast --port 9 --connections 7 --depth 3 --size 9 --binary --seconds 0.5 \
             --warmup 0 --path /x --tls --gated",
        )
        .expect("a valid line");
        assert_eq!(options.scenario, Scenario::Broadcast);
        assert_eq!((options.port, options.connections), (9, 7));
        assert_eq!((options.depth, options.size), (3, 9));
        assert!(options.binary && options.tls && options.gated);
        assert_eq!(options.measured, Duration::from_millis(500));
        assert_eq!(options.warmup, Duration::ZERO);
        assert_eq!(options.path, "/x");
    }

    #[test]
    fn all_connections_are_active_unless_fewer_are_asked_for() {
        for (line, active) in [
            ("echo --port 9 --connections 7", 7),
            ("echo --port 9 --connections 7 --active 9", 7),
            ("echo --port 9 --connections 7 --active 2", 2),
            ("announce --port 9 --connections 7", 1),
        ] {
            assert_eq!(parse(line).expect("a valid line").active, active);
        }
    }

    #[test]
    fn lone_has_one_connection() {
        let options = parse("lone --port 9").expect("a valid line");
        assert_eq!((options.connections, options.depth), (1, 1));
        assert!(parse("lone --port 9 --depth 2").is_err());
    }

    #[test]
    fn only_where_messages_go_back_and_forth_it_spins() {
        assert!(parse("lone --port 9 --spin").expect("a valid line").spin);
        assert!(!parse("lone --port 9").expect("a valid line").spin);
        for scenario in ["serve", "storm", "idle", "deflate", "deflate-idle"] {
            let line = format!("{scenario} --port 9 --spin");
            assert!(parse(&line).is_err(), "{scenario}");
        }
    }

    #[test]
    fn serve_takes_any_port_and_one_client() {
        let options = parse("serve").expect("a valid line");
        assert_eq!((options.connections, options.port), (1, 0));
        for option in ["--depth 2", "--binary", "--tls"] {
            assert!(parse(&format!("serve {option}")).is_err(), "{option}");
        }
    }

    #[test]
    fn compressed_messages_are_texts_that_are_not_too_short() {
        let options = parse("deflate --port 9 --takeover").expect("a valid line");
        assert!(options.takeover && options.scenario.is_compressed());
        for option in ["--depth 2", "--binary", "--size 63"] {
            let line = format!("deflate-idle --port 9 {option}");
            assert!(parse(&line).is_err(), "{option}");
        }
        assert!(parse("echo --port 9 --takeover").is_err());
    }

    #[test]
    fn faults_are_refused() {
        for line in [
            "",
            "dance --port 9",
            "echo",
            "echo --port",
            "echo --port x",
            "echo --port 9 --size 7",
            "echo --port 9 --depth 0",
            "echo --port 9 --active 0",
            "echo --port 9 --fragments 0",
            "announce --port 9 --depth 2",
            "echo --port 9 --connections 0",
            "echo --port 9 --seconds -1",
            "echo --port 9 --fast",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}

//! A WebSocket load generator: one thread, raw epoll, nothing between the
//! kernel and the frame scanner, so that the server under test is the
//! bottleneck and not its client.
//!
//! # Layout
//!
//! ```text
//! options    the command line
//! gate       the conversation with the program that runs the race
//! scenario/  what is sent when
//!   pump       echo, lone, broadcast, announce: D messages outstanding per connection
//!   storm      connect, echo once, close, again
//!   deflate    echo of compressed messages, each of which differs from the last
//!   idle       open and hold, also after a few compressed messages
//!   serve      the other way round: a server that sends, for clients under test
//! connection a client connection: prepared frames out, checked messages in
//! outgoing   prepared frames, and how much of them has been sent
//! receiver   the scanner of what a server sends; checks every message
//! handshake  the opening handshake
//! stream     what carries the frames: TCP, or TLS on it
//! tls        TLS 1.3, client side
//! payload    what the messages contain, so that they can be checked
//! extension  permessage-deflate: the offer and the server's answer
//! script     the compressed messages, prepared as frames
//! json       what is in them
//! deflate    compressing, and checking what came back
//! frame      RFC 6455 §5.2 header, masking
//! histogram  latencies
//! report     the one line of JSON
//! system     epoll, getrusage, setrlimit, sched_setaffinity: the only unsafe code
//! ```
//!
//! # What is measured
//!
//! A run is: open all connections → warm up → wait until nothing is
//! outstanding → *measure* → wait until nothing is outstanding → report. Both
//! ends of the measured period are quiet, so a CPU reading of the server taken
//! there belongs to exactly the messages that are reported.
//!
//! Everything received is checked: opcode and length of each message, the tag
//! that names its sender, the whole content while warming up, and at the end
//! that each connection received exactly as many messages as it had to. Whatever
//! is wrong ends the process with a message on stderr and status 1.

mod connection;
mod deflate;
mod extension;
mod failure;
mod frame;
mod gate;
mod handshake;
mod histogram;
mod json;
mod options;
mod outgoing;
mod payload;
mod receiver;
mod report;
mod scenario;
mod script;
mod stream;
mod system;
mod tls;

use std::process::ExitCode;

use options::{Options, USAGE};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let outcome = Options::parse(&arguments).and_then(|options| {
        system::raise_descriptor_limit()?;
        if options.pin {
            system::pin()?;
        }
        scenario::run(&options)
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("load: {failure}");
            ExitCode::FAILURE
        }
    }
}

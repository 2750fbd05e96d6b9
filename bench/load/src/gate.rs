//! The conversation with the program that runs the race, over stdin and
//! stdout, so that it can read the server's CPU time while nothing is under way:
//!
//! ```text
//! load                     runner                  server
//!  │ connect, warm up                                │
//!  │ {"event":"ready"} ───▶ │ ── CPU time? ────────▶ │
//!  │ ◀─────────────── a line │ ◀──────────────────── │
//!  │ measure                 │                       │
//!  │ the report ───────────▶ │ ── CPU time? ────────▶ │
//!  │ ◀───────────── stdin end │ ◀─────────────────── │
//! ```
//!
//! Without `--gated` nothing is waited for, and only the report is printed.

use std::io::{self, Read, Write};

use crate::failure::{Failure, Outcome};

#[derive(Clone, Copy)]
pub struct Gate {
    gated: bool,
}

impl Gate {
    pub fn new(gated: bool) -> Self {
        Self { gated }
    }

    /// Before the measured period.
    pub fn ready(self) -> Outcome<()> {
        if self.gated {
            print_line(r#"{"event":"ready"}"#)?;
            let mut line = String::new();
            if io::stdin().read_line(&mut line)? == 0 {
                return Err(Failure::new("stdin closed before the measured period"));
            }
        }
        Ok(())
    }

    /// After the report: leaves the connections open until stdin closes.
    pub fn hold(self) -> Outcome<()> {
        if self.gated {
            hold()?;
        }
        Ok(())
    }
}

/// Waits until stdin closes.
pub fn hold() -> Outcome<()> {
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Prints a line that is seen at once, also by a pipe.
pub fn print_line(line: &str) -> Outcome<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()?;
    Ok(())
}

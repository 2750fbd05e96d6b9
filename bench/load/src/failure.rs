//! The one error of this program: a sentence for the person who runs it.

use std::{fmt, io};

/// Why the run ended. Nothing is retried, so nothing needs to be told apart.
#[derive(Debug)]
pub struct Failure(String);

/// A value, or the end of the run.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

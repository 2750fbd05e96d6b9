//! What clients send compressed: messages in a circle, prepared as frames.
//!
//! ```text
//! first │ 0 │ 1 │ 2 │ … │ n │   each frame as it is when nothing went before its round
//! again │ 0 │ 1 │ 2 │ … │ n │   and when another round did
//!         ▲               │
//!         └───────────────┘
//! ```
//!
//! A message compressed with context takeover refers to the window of what went
//! before. A round is longer than the greatest window, so from the second one on a
//! message always has the same before it, and the same frame serves for ever: the
//! generator compresses nothing while it measures.

use crate::deflate::Deflater;
use crate::extension::Agreement;
use crate::failure::Outcome;
use crate::frame::{self, OPCODE_TEXT, RSV1};
use crate::json;

/// Bytes of a round, at least: twice the greatest window, so that no window
/// holds a message twice.
const ROUND_LEN: usize = 64 * 1024;

/// Messages in a round, at least.
const LEAST_MESSAGES: usize = 8;

pub struct Script {
    messages: Vec<Vec<u8>>,
    first: Vec<Vec<u8>>,
    again: Vec<Vec<u8>>,
    takeover: bool,
}

impl Script {
    /// Messages of `size` bytes, at least 64.
    pub fn new(size: usize, agreement: Agreement) -> Outcome<Self> {
        let count = ROUND_LEN.div_ceil(size).max(LEAST_MESSAGES);
        let messages = json::messages(count, size);
        let takeover = agreement.client_takeover;
        let mut deflater = Deflater::new(takeover, agreement.client_window_bits);
        let mut round = || {
            messages
                .iter()
                .map(|message| {
                    let payload = deflater.deflate(message)?;
                    Ok(frame::encode(OPCODE_TEXT | RSV1, &payload))
                })
                .collect::<Outcome<Vec<_>>>()
        };
        let first = round()?;
        let again = round()?;
        Ok(Self {
            messages,
            first,
            again,
            takeover,
        })
    }

    /// Where connection number `number` begins. Where that is possible it is
    /// elsewhere than its neighbours, so that what goes to the wrong one is seen.
    pub fn start(&self, number: usize) -> usize {
        if self.takeover {
            0
        } else {
            (number * 7) % self.messages.len()
        }
    }

    /// The message at `place` in the endless row of rounds.
    pub fn message(&self, place: usize) -> &[u8] {
        &self.messages[place % self.messages.len()]
    }

    /// The frame that carries it.
    pub fn frame(&self, place: usize) -> &[u8] {
        let count = self.messages.len();
        let round = if place < count {
            &self.first
        } else {
            &self.again
        };
        &round[place % count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deflate::Inflater;

    /// The payload of a frame that [`frame::encode`] made.
    fn unmasked(frame: &[u8]) -> Vec<u8> {
        let mut header = frame.to_vec();
        header[1] &= 0x7f;
        let header = frame::parse_header(&header).expect("valid");
        let len = header.expect("whole").len;
        let (key, masked) = frame[len..].split_at(4);
        let bytes = masked.iter().zip(key.iter().cycle());
        bytes.map(|(byte, key)| byte ^ key).collect()
    }

    #[test]
    fn every_round_is_understood() {
        for size in [64, 1024, 16_384, 100_000] {
            for takeover in [false, true] {
                let agreement = Agreement {
                    client_takeover: takeover,
                    server_takeover: takeover,
                    client_window_bits: 15,
                };
                let script = Script::new(size, agreement).expect("compresses");
                let mut inflater = Inflater::new(takeover);
                let start = script.start(5);
                for place in start..start + 4 * script.messages.len() {
                    let payload = unmasked(script.frame(place));
                    let message = script.message(place);
                    inflater.check(&payload, message).expect("the same");
                }
            }
        }
    }

    #[test]
    fn takeover_compresses_more() {
        let len = |takeover| {
            let agreement = Agreement {
                client_takeover: takeover,
                server_takeover: takeover,
                client_window_bits: 15,
            };
            let script = Script::new(300, agreement).expect("compresses");
            script.again.iter().map(Vec::len).sum::<usize>()
        };
        assert!(len(true) * 2 < len(false) * 3 / 2);
    }
}

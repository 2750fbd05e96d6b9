//! The payloads of compressed messages (RFC 7692 §7.2): DEFLATE, by zlib-rs.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::failure::{Failure, Outcome};

/// The end of a message, which is not sent (§7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Compresses messages at zlib's default level.
pub struct Deflater {
    stream: Compress,
    takeover: bool,
}

impl Deflater {
    /// `window_bits` is 9 to 15.
    pub fn new(takeover: bool, window_bits: u8) -> Self {
        Self {
            stream: Compress::new_with_window_bits(Compression::default(), false, window_bits),
            takeover,
        }
    }

    /// The payload of a message.
    pub fn deflate(&mut self, message: &[u8]) -> Outcome<Vec<u8>> {
        // Room for what cannot be compressed, and for the tail.
        let mut payload = Vec::with_capacity(message.len() + message.len() / 8 + 64);
        self.stream
            .compress_vec(message, &mut payload, FlushCompress::Sync)
            .map_err(|error| Failure::new(format!("deflate: {error}")))?;
        if !payload.ends_with(&TAIL) {
            return Err(Failure::new("deflate: the message does not end in a tail"));
        }
        payload.truncate(payload.len() - TAIL.len());
        if !self.takeover {
            self.stream.reset();
        }
        Ok(payload)
    }
}

/// Decompresses what a server sends, and compares it with what is due.
pub struct Inflater {
    stream: Decompress,
    takeover: bool,
    output: Vec<u8>,
}

impl Inflater {
    pub fn new(takeover: bool) -> Self {
        Self {
            stream: Decompress::new(false),
            takeover,
            output: Vec::new(),
        }
    }

    /// Checks that `payload` is a compressed `message`.
    ///
    /// # Errors
    ///
    /// It is another one, or no DEFLATE data.
    pub fn check(&mut self, payload: &[u8], message: &[u8]) -> Outcome<()> {
        self.output.clear();
        // A byte more than is due, so that too much is seen.
        self.output.reserve(message.len() + 1);
        self.inflate(payload)?;
        self.inflate(&TAIL)?;
        if self.output != message {
            return Err(Failure::new(format!(
                "a message came back with other content: \"{}\"",
                self.output[..self.output.len().min(200)].escape_ascii()
            )));
        }
        if !self.takeover {
            self.stream.reset(false);
        }
        Ok(())
    }

    fn inflate(&mut self, mut input: &[u8]) -> Outcome<()> {
        while !input.is_empty() {
            let before = (self.stream.total_in(), self.output.len());
            let status = self
                .stream
                .decompress_vec(input, &mut self.output, FlushDecompress::Sync)
                .map_err(|error| Failure::new(format!("inflate: {error}")))?;
            let taken = self.stream.total_in() - before.0;
            input = &input[taken as usize..];
            if status == Status::StreamEnd {
                // §7.2.3.4: a final block, after which others may come.
                if self.takeover {
                    return Err(Failure::new("inflate: a final block ends the context"));
                }
                self.stream.reset(false);
            } else if taken == 0 && self.output.len() == before.1 {
                return Err(Failure::new("inflate: a message is longer than it was"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    /// RFC 7692 §7.2.3.1 and §7.2.3.2.
    const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    const HELLO_AGAIN: [u8; 5] = [0xf2, 0x00, 0x11, 0x00, 0x00];

    #[test]
    fn the_examples_of_the_rfc_are_understood() {
        let mut inflater = Inflater::new(true);
        inflater.check(&HELLO, b"Hello").expect("valid");
        inflater.check(&HELLO_AGAIN, b"Hello").expect("valid");

        let mut inflater = Inflater::new(false);
        for _ in 0..2 {
            inflater.check(&HELLO, b"Hello").expect("valid");
        }
        assert!(inflater.check(&HELLO_AGAIN, b"Hello").is_err());
    }

    #[test]
    fn blocks_without_compression_and_final_blocks_are_understood() {
        let stored = [
            0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00,
        ];
        let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        for _ in 0..2 {
            let mut inflater = Inflater::new(false);
            inflater.check(&stored, b"Hello").expect("valid");
            inflater.check(&last, b"Hello").expect("valid");
        }
        assert!(Inflater::new(true).check(&last, b"Hello").is_err());
    }

    #[test]
    fn messages_come_back_with_and_without_takeover() {
        for takeover in [false, true] {
            for window_bits in [9, 15] {
                let mut deflater = Deflater::new(takeover, window_bits);
                let mut inflater = Inflater::new(takeover);
                for message in json::messages(20, 3000) {
                    let payload = deflater.deflate(&message).expect("compresses");
                    assert!(payload.len() < message.len());
                    inflater.check(&payload, &message).expect("the same");
                }
            }
        }
    }

    #[test]
    fn other_messages_are_found() {
        for other in ["Hell", "Hello!", "Hallo", ""] {
            let mut inflater = Inflater::new(false);
            assert!(inflater.check(&HELLO, other.as_bytes()).is_err(), "{other}");
        }
        assert!(Inflater::new(false).check(&[0xff], b"Hello").is_err());
        assert!(Inflater::new(false).check(&HELLO[..3], b"Hello").is_err());
    }
}

//! The grammar that `Sec-WebSocket-Protocol` and `Sec-WebSocket-Extensions` share: lists of
//! `token`s, RFC 2616 §2.1 and §2.2.

use std::fmt;

/// A header field that does not follow its grammar; the texts are those of ws's `SyntaxError`s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SyntaxError {
    /// The index counts UTF-16 code units, as JavaScript does.
    UnexpectedCharacter(usize),
    UnexpectedEnd,
    DuplicatedSubprotocol(String),
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedCharacter(index) => write!(f, "Unexpected character at index {index}"),
            Self::UnexpectedEnd => f.write_str("Unexpected end of input"),
            Self::DuplicatedSubprotocol(name) => {
                write!(f, "The \"{name}\" subprotocol is duplicated")
            }
        }
    }
}

impl std::error::Error for SyntaxError {}

/// Reads a header field from left to right.
///
/// It moves by bytes. What it accepts is ASCII, so up to the first character that it refuses a byte
/// index is an index in UTF-16 code units, and a slice boundary.
pub(super) struct Scanner<'a> {
    header: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(header: &'a str) -> Self {
        Self { header, at: 0 }
    }

    /// The token that an element of a list starts with. Space may stand before it, except at the
    /// very beginning of the field.
    pub(super) fn name(&mut self) -> Result<&'a str, SyntaxError> {
        if self.at > 0 {
            self.skip_while(is_space);
        }
        self.token()
    }

    /// The token that starts exactly here.
    pub(super) fn token(&mut self) -> Result<&'a str, SyntaxError> {
        let start = self.at;
        self.skip_while(is_token_byte);
        if self.at == start {
            return Err(self.unexpected());
        }
        Ok(&self.header[start..self.at])
    }

    /// The inside of a quoted string, after its opening quote, and its closing quote. RFC 6455 §9.1:
    /// "the value after quoted-string unescaping MUST conform to the 'token' ABNF".
    pub(super) fn quoted_token(&mut self) -> Result<String, SyntaxError> {
        let mut value = String::new();
        loop {
            if !value.is_empty() && self.take(b'"') {
                return Ok(value);
            }
            self.take(b'\\');
            // A token, or the one character escaped and what follows it: the same rule for both.
            value.push_str(self.token()?);
        }
    }

    /// The delimiter that ends an element, one of `allowed`, or `None` at the end of the field, which
    /// no space may precede.
    pub(super) fn delimiter(&mut self, allowed: &[u8]) -> Result<Option<u8>, SyntaxError> {
        let start = self.at;
        self.skip_while(is_space);
        match self.peek() {
            None if self.at == start => Ok(None),
            Some(byte) if allowed.contains(&byte) => {
                self.at += 1;
                Ok(Some(byte))
            }
            _ => Err(self.unexpected()),
        }
    }

    /// Moves past `byte` if it is next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let next = self.peek() == Some(byte);
        self.at += usize::from(next);
        next
    }

    fn peek(&self) -> Option<u8> {
        self.header.as_bytes().get(self.at).copied()
    }

    fn skip_while(&mut self, condition: fn(u8) -> bool) {
        while self.peek().is_some_and(condition) {
            self.at += 1;
        }
    }

    fn unexpected(&self) -> SyntaxError {
        match self.peek() {
            Some(_) => SyntaxError::UnexpectedCharacter(self.at),
            None => SyntaxError::UnexpectedEnd,
        }
    }
}

/// "any CHAR except CTLs or separators"
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::is_token_byte;

    #[test]
    fn token_bytes_are_the_visible_characters_without_separators() {
        let separators = b"()<>@,;:\\\"/[]?={}";
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_graphic() && !separators.contains(&byte);
            assert_eq!(is_token_byte(byte), expected, "{byte:#04x}");
        }
    }
}

//! `Sec-WebSocket-Protocol`, RFC 6455 §4.1 item 10.

use std::collections::HashSet;

use super::SyntaxError;
use super::token::Scanner;

/// The subprotocols of a request, in the order of the client's preference. Time is linear in the
/// header's length.
///
/// # Errors
/// A name that is no token, an empty element, or a name given twice: "The elements that comprise
/// this value MUST be non-empty strings … and MUST all be unique strings."
pub(crate) fn parse(header: &str) -> Result<Vec<String>, SyntaxError> {
    let mut scanner = Scanner::new(header);
    let mut seen = HashSet::new();
    let mut protocols = Vec::new();
    loop {
        let name = scanner.name()?;
        let delimiter = scanner.delimiter(b",")?;
        if !seen.insert(name) {
            return Err(SyntaxError::DuplicatedSubprotocol(name.to_owned()));
        }
        protocols.push(name.to_owned());
        if delimiter.is_none() {
            return Ok(protocols);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn error(header: &str) -> String {
        parse(header).expect_err(header).to_string()
    }

    #[test]
    fn keeps_the_order_of_the_offers() {
        assert_eq!(parse("foo"), Ok(vec!["foo".to_owned()]));
        assert_eq!(
            parse("foo,bar, baz\t ,\t__q"),
            Ok(["foo", "bar", "baz", "__q"].map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn names_the_character_that_is_wrong() {
        for (header, index) in [
            (" foo", 0),
            (",foo", 0),
            ("foo,,bar", 4),
            ("foo, ,bar", 5),
            ("foo bar", 4),
            ("foo\u{7f}", 3),
            ("foo\"", 3),
            ("foo, b\u{e9}", 6),
            ("foo;bar", 3),
        ] {
            assert_eq!(
                error(header),
                format!("Unexpected character at index {index}"),
                "{header:?}"
            );
        }
    }

    #[test]
    fn refuses_a_field_that_ends_too_early() {
        for header in ["", "foo,", "foo, ", "foo ", "foo,bar\t"] {
            assert_eq!(error(header), "Unexpected end of input", "{header:?}");
        }
    }

    #[test]
    fn refuses_a_subprotocol_offered_twice() {
        assert_eq!(
            error("foo,bar,foo"),
            "The \"foo\" subprotocol is duplicated"
        );
        assert_eq!(error("foo, foo"), "The \"foo\" subprotocol is duplicated");
        // What follows the second one is looked at first, as in ws.
        assert_eq!(error("foo,foo x"), "Unexpected character at index 8");
        assert_eq!(error("foo,foo "), "Unexpected end of input");
    }

    #[test]
    fn case_tells_subprotocols_apart() {
        assert!(parse("foo,Foo").is_ok());
    }
}

//! `Sec-WebSocket-Extensions`, RFC 6455 §9.1.

use super::SyntaxError;
use super::token::Scanner;

/// A parameter: its name and its value, `None` if it has none.
pub(crate) type Param = (String, Option<String>);
/// An extension and its parameters.
pub(crate) type Offer = (String, Vec<Param>);

/// The offers of a header field. "the order of extensions is significant", and a name may come more
/// than once; so may a parameter's, which is for the extension to judge.
///
/// # Errors
/// The field does not follow the grammar.
pub(crate) fn parse(header: &str) -> Result<Vec<Offer>, SyntaxError> {
    let mut scanner = Scanner::new(header);
    let mut offers = Vec::new();
    loop {
        let extension = scanner.name()?.to_owned();
        let mut params = Vec::new();
        let mut delimiter = scanner.delimiter(b";,")?;
        while delimiter == Some(b';') {
            params.push(param(&mut scanner)?);
            delimiter = scanner.delimiter(b";,")?;
        }
        offers.push((extension, params));
        if delimiter.is_none() {
            return Ok(offers);
        }
    }
}

/// The header field for these offers, or for the extensions accepted.
pub(crate) fn format(offers: &[Offer]) -> String {
    let mut header = String::new();
    for (extension, params) in offers {
        if !header.is_empty() {
            header.push_str(", ");
        }
        header.push_str(extension);
        for (name, value) in params {
            header.push_str("; ");
            header.push_str(name);
            if let Some(value) = value {
                header.push('=');
                header.push_str(value);
            }
        }
    }
    header
}

/// `extension-param = token [ "=" (token | quoted-string) ]`
fn param(scanner: &mut Scanner<'_>) -> Result<Param, SyntaxError> {
    let name = scanner.name()?.to_owned();
    let value = if !scanner.take(b'=') {
        None
    } else if scanner.take(b'"') {
        Some(scanner.quoted_token()?)
    } else {
        Some(scanner.token()?.to_owned())
    };
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::{Offer, format, parse};

    fn offer(name: &str, params: &[(&str, Option<&str>)]) -> Offer {
        let params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)));
        (name.to_owned(), params.collect())
    }

    fn error(header: &str) -> String {
        parse(header).expect_err(header).to_string()
    }

    #[test]
    fn parses_names_parameters_and_values_in_order() {
        assert_eq!(parse("foo"), Ok(vec![offer("foo", &[])]));
        assert_eq!(
            parse("foo,bar;baz;q=1, foo; q=\"2\" ;q"),
            Ok(vec![
                offer("foo", &[]),
                offer("bar", &[("baz", None), ("q", Some("1"))]),
                offer("foo", &[("q", Some("2")), ("q", None)]),
            ])
        );
    }

    #[test]
    fn unescapes_quoted_values() {
        for (header, value) in [
            ("foo;bar=\"baz\"", "baz"),
            ("foo;bar=\"\\b\\a\\z\"", "baz"),
            ("foo;bar=\"b\\az\"", "baz"),
        ] {
            let expected = vec![offer("foo", &[("bar", Some(value))])];
            assert_eq!(parse(header), Ok(expected), "{header}");
        }
    }

    #[test]
    fn names_like_those_of_object_prototype_are_ordinary() {
        let header = "hasOwnProperty;__proto__=toString";
        let expected = offer("hasOwnProperty", &[("__proto__", Some("toString"))]);
        assert_eq!(parse(header), Ok(vec![expected]));
    }

    #[test]
    fn names_the_character_that_is_wrong() {
        for (header, index) in [
            (" foo", 0),
            ("foo;bar baz", 8),
            ("foo bar", 4),
            ("foo;,", 4),
            ("foo,,", 4),
            ("foo;bar= baz", 8),
            ("foo;bar =baz", 8),
            ("foo;=", 4),
            ("foo;bar=baz=", 11),
            ("foo;bar=\"\"", 9),
            ("foo;bar=\"a b\"", 10),
            ("foo;bar=\"a\"b", 11),
            ("foo;bar=\"a\"\"", 11),
            ("foo;bar=a\"b\"", 9),
            ("foo;bar=\"\\\\\"", 10),
            ("foo;bar=\"\u{e9}\"", 9),
            ("foo;bar=;", 8),
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
        for header in [
            "",
            "foo,",
            "foo, ",
            "foo ",
            "foo;",
            "foo; ",
            "foo;bar ",
            "foo;bar=",
            "foo;bar=baz\t",
            "foo;bar=\"",
            "foo;bar=\"baz",
            "foo;bar=\"baz\\",
            "foo;bar=\"baz\" ",
        ] {
            assert_eq!(error(header), "Unexpected end of input", "{header:?}");
        }
    }

    #[test]
    fn what_is_formatted_is_parsed_back() {
        let offers = vec![
            offer(
                "foo",
                &[("bar", None), ("baz", Some("1")), ("baz", Some("2"))],
            ),
            offer("foo", &[]),
        ];
        let header = format(&offers);
        assert_eq!(header, "foo; bar; baz=1; baz=2, foo");
        assert_eq!(parse(&header), Ok(offers));
        assert_eq!(format(&[]), "");
    }
}

//! The server's side of the opening handshake, RFC 6455 §4.2.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// "unlikely to be used by network endpoints that do not understand the WebSocket Protocol" (§1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What the rules look at in an upgrade request; `None` where the header is missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UpgradeRequest<'a> {
    pub(crate) method: &'a str,
    /// `Upgrade`
    pub(crate) upgrade: Option<&'a str>,
    /// `Sec-WebSocket-Key`
    pub(crate) key: Option<&'a str>,
    /// `Sec-WebSocket-Version`
    pub(crate) version: Option<&'a str>,
}

/// A protocol version that is spoken. They differ in the header that names the origin:
/// `Sec-WebSocket-Origin` in 8, `Origin` in 13.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V8 = 8,
    V13 = 13,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    Method,
    Upgrade,
    Key,
    Version,
}

impl Rejection {
    /// The HTTP status of the response.
    pub(crate) fn status(self) -> u16 {
        self.row().0
    }

    /// The text of the error, and the body of the response.
    pub(crate) fn text(self) -> &'static str {
        self.row().1
    }

    /// A header the response carries besides the usual ones.
    pub(crate) fn header(self) -> Option<(&'static str, &'static str)> {
        self.row().2
    }

    #[rustfmt::skip]
    fn row(self) -> (u16, &'static str, Option<(&'static str, &'static str)>) {
        match self {
            Self::Method => (405, "Invalid HTTP method", None),
            Self::Upgrade => (400, "Invalid Upgrade header", None),
            Self::Key => (400, "Missing or invalid Sec-WebSocket-Key header", None),
            // §4.4: "If the server doesn't support the requested version, it MUST respond with a
            // |Sec-WebSocket-Version| header field … containing all versions it is willing to use."
            Self::Version => (400, "Missing or invalid Sec-WebSocket-Version header", Some(("Sec-WebSocket-Version", "13, 8"))),
        }
    }
}

/// Checks a request against §4.2.1, in ws's order.
///
/// # Errors
/// The first rule that the request breaks.
pub(crate) fn check(request: UpgradeRequest<'_>) -> Result<Version, Rejection> {
    // "An HTTP/1.1 or higher GET request"
    if request.method != "GET" {
        return Err(Rejection::Method);
    }
    // "An |Upgrade| header field containing the value "websocket", treated as an ASCII
    // case-insensitive value."
    if !request
        .upgrade
        .is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
    {
        return Err(Rejection::Upgrade);
    }
    if !request.key.is_some_and(is_key) {
        return Err(Rejection::Key);
    }
    request.version.and_then(version).ok_or(Rejection::Version)
}

/// The value of `Sec-WebSocket-Accept`, "constructed by concatenating /key/ … with the string
/// "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", taking the SHA-1 hash of this concatenated value … and
/// base64-encoding" it (§4.2.2 item 5.4).
pub(crate) fn accept_key(key: &str) -> String {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    STANDARD.encode(digest)
}

/// "a |Sec-WebSocket-Key| header field with a base64-encoded … value that, when decoded, is 16 bytes
/// in length" (§4.2.1 item 5).
fn is_key(key: &str) -> bool {
    key.strip_suffix("==").is_some_and(|digits| {
        digits.len() == 22
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
    })
}

/// ws reads the field as a JavaScript number, so "013", "13.0" and "0xd" are 13 too.
fn version(value: &str) -> Option<Version> {
    let value = value.trim_matches(is_js_space);
    let number = match value.as_bytes() {
        // Rust would take a sign behind the prefix, JavaScript does not.
        [b'0', _, b'+' | b'-', ..] => return None,
        [b'0', b'x' | b'X', ..] => f64::from(u32::from_str_radix(&value[2..], 16).ok()?),
        [b'0', b'o' | b'O', ..] => f64::from(u32::from_str_radix(&value[2..], 8).ok()?),
        [b'0', b'b' | b'B', ..] => f64::from(u32::from_str_radix(&value[2..], 2).ok()?),
        _ => value.parse().ok()?,
    };
    [(8.0, Version::V8), (13.0, Version::V13)]
        .into_iter()
        .find_map(|(spoken, version)| (number == spoken).then_some(version))
}

/// What JavaScript takes for space around a number: Rust's, but U+FEFF and not U+0085.
fn is_js_space(character: char) -> bool {
    character == '\u{feff}' || character != '\u{85}' && character.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::{Rejection, UpgradeRequest, Version, accept_key, check};

    const GOOD: UpgradeRequest<'_> = UpgradeRequest {
        method: "GET",
        upgrade: Some("websocket"),
        key: Some("dGhlIHNhbXBsZSBub25jZQ=="),
        version: Some("13"),
    };

    #[test]
    fn accepts_the_request_of_the_rfc() {
        assert_eq!(check(GOOD), Ok(Version::V13));
        assert_eq!(
            accept_key("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }

    #[test]
    fn accepts_versions_8_and_13_as_javascript_reads_numbers() {
        for (text, expected) in [
            ("13", Ok(Version::V13)),
            ("8", Ok(Version::V8)),
            (" 013 ", Ok(Version::V13)),
            ("13.0", Ok(Version::V13)),
            ("1.3e1", Ok(Version::V13)),
            ("0xd", Ok(Version::V13)),
            ("0O10", Ok(Version::V8)),
            ("0b1000", Ok(Version::V8)),
            ("+8", Ok(Version::V8)),
            ("", Err(Rejection::Version)),
            ("7", Err(Rejection::Version)),
            ("-13", Err(Rejection::Version)),
            ("13, 13", Err(Rejection::Version)),
            ("13a", Err(Rejection::Version)),
            ("0x", Err(Rejection::Version)),
            ("0x+d", Err(Rejection::Version)),
            ("inf", Err(Rejection::Version)),
            // NEL is space to Rust, but not to JavaScript; the fuzzer has found it.
            ("13\u{85}", Err(Rejection::Version)),
            ("\u{feff}13\u{a0}", Ok(Version::V13)),
        ] {
            let request = UpgradeRequest {
                version: Some(text),
                ..GOOD
            };
            assert_eq!(check(request), expected, "{text:?}");
        }
    }

    #[test]
    fn the_upgrade_header_is_case_insensitive() {
        let request = UpgradeRequest {
            upgrade: Some("WebSocket"),
            ..GOOD
        };
        assert_eq!(check(request), Ok(Version::V13));
    }

    #[test]
    fn refuses_keys_that_are_not_16_bytes_in_base64() {
        for key in [
            "",
            "==",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZQ=",
            "dGhlIHNhbXBsZSBub25jZQ===",
            "dGhlIHNhbXBsZSBub25jZQ==\n",
            "dGhlIHNhbXBsZSBub25jZ-==",
            "dGhlIHNhbXBsZSBub25j\u{e9}==",
            " dGhlIHNhbXBsZSBub25jZ==",
            "dGhlIHNhbXBsZSBub25jZQaa",
        ] {
            let request = UpgradeRequest {
                key: Some(key),
                ..GOOD
            };
            assert_eq!(check(request), Err(Rejection::Key), "{key:?}");
        }
    }

    #[test]
    fn a_request_is_refused_for_the_first_rule_it_breaks() {
        let mut request = UpgradeRequest {
            method: "POST",
            upgrade: None,
            key: None,
            version: None,
        };
        let status = |rejection: Rejection| (rejection.status(), rejection.text());
        let refused = |request| check(request).expect_err("a rejection");
        assert_eq!(status(refused(request)), (405, "Invalid HTTP method"));
        request.method = "GET";
        assert_eq!(status(refused(request)), (400, "Invalid Upgrade header"));
        request.upgrade = Some("foo");
        assert_eq!(status(refused(request)), (400, "Invalid Upgrade header"));
        request.upgrade = GOOD.upgrade;
        let text = "Missing or invalid Sec-WebSocket-Key header";
        assert_eq!(status(refused(request)), (400, text));
        assert_eq!(refused(request).header(), None);
        request.key = GOOD.key;
        let text = "Missing or invalid Sec-WebSocket-Version header";
        assert_eq!(status(refused(request)), (400, text));
        assert_eq!(
            refused(request).header(),
            Some(("Sec-WebSocket-Version", "13, 8"))
        );
    }
}

//! permessage-deflate: the offer, and what a server makes of it (RFC 7692 §7.1).

use crate::failure::{Failure, Outcome};

/// The greatest window, in bits, which is also the default (§7.1.2).
const MAX_WINDOW_BITS: u8 = 15;

/// The least window that zlib keeps to in a stream without a header.
const LEAST_WINDOW_BITS: u8 = 9;

/// What the client asks for.
pub fn offer(takeover: bool) -> &'static str {
    if takeover {
        "permessage-deflate; client_max_window_bits"
    } else {
        "permessage-deflate; client_no_context_takeover; server_no_context_takeover; \
         client_max_window_bits"
    }
}

/// What both have agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Whether the client may refer to what it sent in earlier messages.
    pub client_takeover: bool,
    /// Whether the server may.
    pub server_takeover: bool,
    /// The client refers back no farther than this; a power of two, in bits.
    pub client_window_bits: u8,
}

impl Agreement {
    /// Reads the value of the response's `Sec-WebSocket-Extensions`.
    ///
    /// # Errors
    ///
    /// No answer, another extension, or one that does not keep to the offer.
    pub fn parse(answer: &str, takeover: bool) -> Outcome<Self> {
        let refuse = |reason| {
            Err(Failure::new(format!(
                "permessage-deflate: {reason} (the server's answer is \"{answer}\")"
            )))
        };
        let mut parts = answer.split(';').map(str::trim);
        if parts.next() != Some("permessage-deflate") {
            return refuse("declined");
        }
        let mut agreement = Self {
            client_takeover: true,
            server_takeover: true,
            client_window_bits: MAX_WINDOW_BITS,
        };
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
                None => (part, None),
            };
            let bits = || value.and_then(|value| value.parse::<u8>().ok());
            match (name, value) {
                ("client_no_context_takeover", None) => agreement.client_takeover = false,
                ("server_no_context_takeover", None) => agreement.server_takeover = false,
                // The client's window is the greatest, and so large enough for each of the server's.
                ("server_max_window_bits", Some(_)) if bits().is_some() => {}
                ("client_max_window_bits", Some(_)) => match bits() {
                    Some(bits @ LEAST_WINDOW_BITS..=MAX_WINDOW_BITS) => {
                        agreement.client_window_bits = bits;
                    }
                    _ => return refuse("a window that the client cannot keep to"),
                },
                _ => return refuse("a parameter that makes no sense"),
            }
        }
        if takeover && !(agreement.client_takeover && agreement.server_takeover) {
            return refuse("a context is not kept, and the race is about keeping both");
        }
        if agreement.server_takeover && !takeover {
            // §7.1.1.1: a server that accepts the offer includes the parameter.
            return refuse("the server keeps its context, though it was asked not to");
        }
        // §7.1.1.2: what the client offered of itself it keeps to, whatever the answer says.
        agreement.client_takeover &= takeover;
        Ok(agreement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_parameters_leaves_the_contexts() {
        let agreement = Agreement::parse("permessage-deflate", true).expect("valid");
        assert!(agreement.client_takeover && agreement.server_takeover);
        assert_eq!(agreement.client_window_bits, 15);
    }

    #[test]
    fn every_parameter_is_read() {
        let answer = "permessage-deflate; server_no_context_takeover ;client_no_context_takeover; \
                      server_max_window_bits=10; client_max_window_bits=\"12\"";
        let agreement = Agreement::parse(answer, false).expect("valid");
        assert!(!agreement.client_takeover && !agreement.server_takeover);
        assert_eq!(agreement.client_window_bits, 12);
    }

    #[test]
    fn the_client_keeps_to_what_it_offered_of_itself() {
        let answer = "permessage-deflate; server_no_context_takeover";
        let agreement = Agreement::parse(answer, false).expect("valid");
        assert!(!agreement.client_takeover);
    }

    #[test]
    fn both_contexts_are_kept_or_none() {
        for side in ["client", "server"] {
            let answer = format!("permessage-deflate; {side}_no_context_takeover");
            assert!(Agreement::parse(&answer, true).is_err(), "{side}");
        }
        assert!(Agreement::parse("permessage-deflate", false).is_err());
    }

    #[test]
    fn other_answers_are_refused() {
        for answer in [
            "",
            "permessage-bzip2",
            "permessage-deflate; x",
            "permessage-deflate; client_no_context_takeover=1",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; client_max_window_bits=8",
            "permessage-deflate; client_max_window_bits",
        ] {
            assert!(Agreement::parse(answer, true).is_err(), "{answer}");
        }
    }
}

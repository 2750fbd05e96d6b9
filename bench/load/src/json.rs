//! Messages of JSON as programs exchange them: records that differ in names,
//! numbers, words and times. The same ones in every run.

/// What a chat says; the index of a word is drawn with a bias, as words are.
const WORDS: [&str; 48] = [
    "the",
    "and",
    "to",
    "we",
    "is",
    "a",
    "for",
    "that",
    "on",
    "it",
    "can",
    "you",
    "with",
    "please",
    "release",
    "server",
    "today",
    "meeting",
    "after",
    "lunch",
    "ticket",
    "customer",
    "update",
    "green",
    "build",
    "deploy",
    "staging",
    "invoice",
    "design",
    "review",
    "thanks",
    "tomorrow",
    "waiting",
    "database",
    "latency",
    "dashboard",
    "question",
    "schedule",
    "weekend",
    "budget",
    "proposal",
    "network",
    "keyboard",
    "holiday",
    "contract",
    "shipping",
    "account",
    "signature",
];

const NAMES: [&str; 16] = [
    "maria",
    "johan",
    "wei",
    "fatima",
    "oluwaseun",
    "anna",
    "carlos",
    "yuki",
    "priya",
    "lars",
    "chloe",
    "dmitri",
    "amara",
    "noah",
    "ines",
    "tomasz",
];

const KINDS: [&str; 8] = [
    "message", "typing", "presence", "reaction", "edit", "join", "leave", "read",
];

const ROOMS: [&str; 6] = [
    "general", "support", "random", "release", "design", "on-call",
];

/// Bytes of the shortest message.
pub const LEAST_SIZE: usize = 64;

/// A source of numbers (xorshift64*).
struct Source(u64);

impl Source {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }

    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }

    /// `count` words.
    fn text(&mut self, count: usize) -> String {
        let words: Vec<_> = (0..count)
            .map(|_| {
                let end = 1 + self.below(WORDS.len());
                WORDS[self.below(end)]
            })
            .collect();
        words.join(" ")
    }

    fn time(&mut self) -> String {
        format!(
            "2026-11-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            1 + self.below(30),
            self.below(24),
            self.below(60),
            self.below(60),
            self.below(1000)
        )
    }

    /// About 250 bytes.
    fn record(&mut self) -> String {
        let words = 6 + self.below(14);
        format!(
            "{{\"id\":{},\"type\":\"{}\",\"room\":\"{}\",\"user\":{{\"id\":{},\"name\":\"{}\"}},\
             \"text\":\"{}\",\"at\":\"{}\",\"score\":{}.{},\"edited\":{}}}",
            100_000 + self.below(900_000),
            self.pick(&KINDS),
            self.pick(&ROOMS),
            1 + self.below(9999),
            self.pick(&NAMES),
            self.text(words),
            self.time(),
            self.below(100),
            self.below(1000),
            self.below(5) == 0
        )
    }
}

/// `count` messages, each of exactly `size` bytes, at least [`LEAST_SIZE`].
pub fn messages(count: usize, size: usize) -> Vec<Vec<u8>> {
    let mut source = Source(0x9e37_79b9_7f4a_7c15);
    (0..count).map(|_| message(&mut source, size)).collect()
}

/// Records as long as there is room for them, then text that fills the rest.
fn message(source: &mut Source, size: usize) -> Vec<u8> {
    const END: &str = "\"}";
    let mut message = format!(
        "{{\"id\":{},\"type\":\"{}\",\"user\":\"{}\"",
        10_000 + source.below(90_000),
        source.pick(&KINDS),
        source.pick(&NAMES)
    );
    let mut separator = ",\"items\":[";
    loop {
        let record = source.record();
        if message.len() + separator.len() + record.len() + 100 > size {
            break;
        }
        message += separator;
        message += &record;
        separator = ",";
    }
    if separator == "," {
        message += "]";
    }
    message += ",\"t\":\"";
    let room = size - message.len() - END.len();
    // A word has two letters with its space, at least.
    let mut text = source.text(room / 2 + 1);
    text.truncate(room);
    message += &text;
    message += END;
    message.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn messages_have_the_size_asked_for_and_differ() {
        for size in [64, 65, 300, 1024, 16_384] {
            let messages = messages(100, size);
            assert!(messages.iter().all(|message| message.len() == size));
            let different: HashSet<_> = messages.iter().collect();
            assert_eq!(different.len(), messages.len(), "{size}");
        }
    }

    #[test]
    fn brackets_and_quotes_are_balanced() {
        for message in messages(50, 64).into_iter().chain(messages(50, 5000)) {
            let message = String::from_utf8(message).expect("text");
            let count = |character| message.matches(character).count();
            assert_eq!(count('{'), count('}'), "{message}");
            assert_eq!(count('['), count(']'), "{message}");
            assert_eq!(count('"') % 2, 0, "{message}");
            assert!(message.starts_with("{\"id\":") && message.ends_with("\"}"));
        }
    }

    #[test]
    fn two_runs_have_the_same_messages() {
        assert_eq!(messages(3, 700), messages(3, 700));
    }
}

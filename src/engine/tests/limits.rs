//! What arrives compressed and becomes long: no longer than it may, and no others wait for it.

use std::io::Write;

use super::Kind;
use super::deflated::*;
use crate::engine::SCALE;
use crate::engine::connection::Settings;
use crate::protocol::{Limits, ProtocolError};

#[test]
fn a_limit_holds_on_another_thread_and_no_memory_is_taken_beyond_it() {
    let most = 700_000 / SCALE;
    for (length, fits) in [(most, true), (most + 1, false), ((8 << 20) / SCALE, false)] {
        let mut pooled = Pooled::new();
        let limits = Limits {
            max_payload: most as u64,
            ..Limits::default()
        };
        let settings = Settings {
            limits,
            ..settings(false, 0)
        };
        let (token, mut peer) = pooled.connect(settings);
        let zeros = vec![0; length];
        peer.write_all(&frames(&[&zeros, b"behind"], false))
            .expect("written");
        pooled.bench.settle();
        let seen = pooled.finish(1);
        let first = kinds(&seen, token)[0];
        if fits {
            assert_eq!(first, Kind::LargeBinary as u8);
        } else {
            assert_eq!(kinds(&seen, token), [Kind::Error as u8]);
            let expected = Some(ProtocolError::MaxPayloadExceeded);
            assert_eq!(error(&pooled.bench, token), expected);
        }
        assert!(
            pooled.bench.larges.largest <= most,
            "{}",
            pooled.bench.larges.largest
        );
    }
}

#[test]
fn a_limit_holds_on_this_thread() {
    let most = 1000;
    for (length, fits) in [(most, true), (most + 1, false), (200_000 / SCALE, false)] {
        let mut pooled = Pooled::new();
        let limits = Limits {
            max_payload: most as u64,
            ..Limits::default()
        };
        let settings = Settings {
            limits,
            ..settings(false, 0)
        };
        let (token, mut peer) = pooled.connect(settings);
        peer.write_all(&frames(&[&vec![0; length]], false))
            .expect("written");
        let seen = pooled.bench.settle();
        let kind = if fits { Kind::Binary } else { Kind::Error };
        assert_eq!(kinds(&seen, token), [kind as u8], "{length}");
    }
}

#[test]
fn many_messages_that_become_long_hold_up_others_for_a_while_only() {
    for length in [60_000 / SCALE, 200_000 / SCALE] {
        let mut pooled = Pooled::new();
        let (busy, mut one) = pooled.connect(settings(false, 0));
        let (other, mut two) = pooled.connect(settings(false, 0));
        let bytes = frames(&[&vec![0; length]], false).repeat(100);
        one.write_all(&bytes).expect("written");
        two.write_all(&frames(&[b"one"], false)).expect("written");
        // A turn decompresses a megabyte, and the message that exceeds it.
        let seen = pooled.bench.turn();
        let count = kinds(&seen, busy).len();
        assert!(
            (1..=(1 << 20) / SCALE / length + 1).contains(&count),
            "{count}"
        );
        assert_eq!(kinds(&seen, other).len(), 1);
        let rest = pooled.bench.settle();
        assert_eq!(count + kinds(&rest, busy).len(), 100);
    }
}

//! `max_payload`, `max_fragments` and `max_buffered_chunks`, RFC 6455 §10.4.

use super::replay::{Item, replay, replay_all_ways};
use super::{Connection, Limits, ProtocolError, Role, hex};

fn max_payload(max_payload: u64) -> Limits {
    Limits {
        max_payload,
        ..Limits::default()
    }
}

fn max_fragments(max_fragments: u32) -> Limits {
    Limits {
        max_fragments,
        ..Limits::default()
    }
}

fn max_buffered_chunks(max_buffered_chunks: u32) -> Limits {
    Limits {
        max_buffered_chunks,
        ..Limits::default()
    }
}

/// Checks the error of a stream whose last byte is the first that shows it.
#[track_caller]
fn assert_fails(limits: Limits, digits: &str, error: ProtocolError) {
    let stream = hex(digits);
    let (_, before) = stream.split_last().unwrap();
    assert_eq!(
        replay_all_ways(Role::Server, limits, &stream).error,
        Some(error)
    );
    assert_eq!(
        replay(Role::Server, limits, [before]).error,
        None,
        "too early"
    );
}

#[test]
fn a_declared_length_over_the_maximum_fails_before_the_masking_key() {
    let error = ProtocolError::MaxPayloadExceeded;
    assert_eq!(error.to_string(), "Max payload size exceeded");
    assert_fails(max_payload(20), "82 95", error);
    assert_fails(max_payload(20), "82 fe 00 c8", error);
    assert_fails(max_payload(20), "82 ff 00 00 00 00 01 00 00 00", error);
    assert_fails(Limits::default(), "82 ff 00 00 00 00 06 40 00 01", error);
}

#[test]
fn a_message_of_the_maximum_is_taken() {
    let stream = [hex("82 85 00 00 00 00"), vec![7; 5]].concat();
    let outcome = replay_all_ways(Role::Server, max_payload(5), &stream);
    assert_eq!(outcome.items, [Item::Binary(vec![7; 5])]);
}

#[test]
fn the_maximum_is_of_the_sum_of_the_fragments() {
    let digits = "01 83 00 00 00 00 61 62 63  00 82 00 00 00 00 64 65  80 81";
    assert_fails(max_payload(5), digits, ProtocolError::MaxPayloadExceeded);
    let digits = "01 83 00 00 00 00 61 62 63  89 84 00 00 00 00 31 32 33 34  00 83";
    assert_fails(max_payload(5), digits, ProtocolError::MaxPayloadExceeded);
}

#[test]
fn each_message_is_counted_from_zero() {
    let stream = hex("01 02 61 62  80 02 63 64  81 04 61 62 63 64  01 01 61  80 03 62 63 64");
    let limits = Limits {
        max_fragments: 2,
        ..max_payload(4)
    };
    let outcome = replay_all_ways(Role::Client, limits, &stream);
    assert_eq!(outcome.error, None);
    assert_eq!(
        outcome.items,
        ["abcd"; 3].map(|text| Item::Text(text.to_owned()))
    );
}

#[test]
fn control_frames_do_not_count_as_payload_or_fragments() {
    let stream = hex("01 01 61  89 03 61 62 63  8a 00  89 00  80 01 62");
    let limits = Limits {
        max_fragments: 2,
        ..max_payload(2)
    };
    let outcome = replay_all_ways(Role::Client, limits, &stream);
    assert_eq!(outcome.items.last(), Some(&Item::Text("ab".to_owned())));
}

#[test]
fn zero_means_no_limit() {
    let limits = Limits {
        max_payload: 0,
        max_fragments: 0,
        max_buffered_chunks: 0,
        ..Limits::default()
    };
    let many = if cfg!(miri) { 200 } else { 20_000 };
    let mut stream = hex("02 00");
    stream.extend(hex("00 01 61").repeat(many));
    stream.extend(hex("80 00"));
    let outcome = replay(Role::Client, limits, stream.chunks(1));
    assert_eq!(outcome.items, [Item::Binary(vec![b'a'; many])]);
    let claim = hex("82 7f 00 1f ff ff ff ff ff ff");
    assert_eq!(replay_all_ways(Role::Client, limits, &claim).error, None);
}

#[test]
fn one_fragment_too_many_fails_at_its_header() {
    let error = ProtocolError::TooManyFragments;
    assert_eq!(error.to_string(), "Too many message fragments");
    assert_eq!(error.code(), "WS_ERR_TOO_MANY_BUFFERED_PARTS");
    assert_eq!(error.close_code().value(), 1008);
    assert_fails(
        max_fragments(2),
        "01 81 00 00 00 00 61  00 80 00 00 00 00  80 81",
        error,
    );
    assert_fails(max_fragments(1), "02 80 00 00 00 00  80 fe 00 7e", error);
}

#[test]
fn the_size_is_checked_before_the_number_of_fragments() {
    let limits = Limits {
        max_fragments: 1,
        ..max_payload(1)
    };
    let digits = "01 81 00 00 00 00 61  80 81";
    assert_fails(limits, digits, ProtocolError::MaxPayloadExceeded);
}

/// The number of the read, from 1, that is one too many.
fn refused_read(limits: Limits, role: Role, reads: &[&str]) -> Option<usize> {
    let reads: Vec<Vec<u8>> = reads.iter().map(|digits| hex(digits)).collect();
    (1..=reads.len()).find(|count| {
        let outcome = replay(role, limits, reads[..*count].iter().map(Vec::as_slice));
        assert!(matches!(
            outcome.error,
            None | Some(ProtocolError::TooManyBufferedChunks)
        ));
        outcome.error.is_some()
    })
}

#[test]
fn a_payload_that_comes_in_too_many_reads_fails() {
    let error = ProtocolError::TooManyBufferedChunks;
    assert_eq!(error.to_string(), "Too many buffered chunks");
    assert_eq!(error.code(), "WS_ERR_TOO_MANY_BUFFERED_PARTS");
    assert_eq!(error.close_code().value(), 1008);

    let limits = max_buffered_chunks(3);
    let client = |reads: &[&str]| refused_read(limits, Role::Client, reads);
    // The header is done with; three reads wait, the fourth is refused.
    assert_eq!(client(&["82 05", "01", "02", "03", "04"]), Some(5));
    // What came with the header waits, too.
    assert_eq!(client(&["82 05 01", "02", "03", "04"]), Some(4));
    assert_eq!(client(&["82 05 01", "02", "03 04", "05"]), Some(4));
    assert_eq!(client(&["82 03 01", "02", "03", "82 02", "01", "02"]), None);
}

#[test]
fn a_control_frame_that_comes_in_too_many_reads_fails() {
    let limits = max_buffered_chunks(2);
    let server = |reads: &[&str]| refused_read(limits, Role::Server, reads);
    assert_eq!(server(&["89 83", "01 02 03 04", "61", "62", "63"]), Some(5));
    assert_eq!(server(&["89 83", "01 02 03 04 61", "62", "63"]), Some(4));
    assert_eq!(
        server(&["89 83", "01 02 03 04 61", "62 63", "89 80", "01"]),
        None
    );
}

#[test]
fn the_parts_of_a_header_are_counted_one_by_one() {
    let limits = max_buffered_chunks(2);
    let server = |reads: &[&str]| refused_read(limits, Role::Server, reads);
    assert_eq!(
        server(&["82", "fe", "00", "03", "01", "02 03 04", "00 00 00"]),
        None
    );
    assert_eq!(server(&["82 fe", "00", "03 01", "02", "03"]), Some(5));
    assert_eq!(server(&["82 ff", "00", "00", "00"]), Some(4));
    assert_eq!(
        refused_read(max_buffered_chunks(1), Role::Server, &["82", "81"]),
        Some(2)
    );
}

#[test]
fn the_rest_of_a_read_counts_as_one_for_the_next_frame() {
    let limits = max_buffered_chunks(2);
    let client = |reads: &[&str]| refused_read(limits, Role::Client, reads);
    assert_eq!(client(&["82 02 01", "02 82", "02", "01", "02"]), None);
    assert_eq!(client(&["82 02 01", "02 82 03 01", "02", "03"]), Some(4));
    assert_eq!(client(&["82 00 82 00 82", "02", "01", "02"]), None);
    assert_eq!(client(&["89 00 82 03 01", "02", "03"]), Some(3));
    assert_eq!(client(&["82", "00", "82", "00", "89", "00", "82"]), None);
    // Each header starts to be counted at its own first byte.
    let server = |reads: &[&str]| refused_read(limits, Role::Server, reads);
    let twice = ["82", "80", "01", "02 03 04", "82", "80", "01", "02 03 04"];
    assert_eq!(server(&twice), None);
}

#[test]
fn an_error_of_begin_chunk_is_the_end() {
    let mut connection = Connection::new(Role::Client, max_buffered_chunks(1));
    assert_eq!(connection.begin_chunk(), Ok(()));
    assert_eq!(connection.receive(&mut [0x82]), Ok(None));
    assert_eq!(
        connection.begin_chunk(),
        Err(ProtocolError::TooManyBufferedChunks)
    );
    assert_eq!(connection.begin_chunk(), Ok(()));
    assert_eq!(connection.receive(&mut hex("82 00")), Ok(None));
}

#[test]
fn the_defaults_are_those_of_ws() {
    let limits = Limits::default();
    assert_eq!(limits.max_payload, 104_857_600);
    assert_eq!(limits.max_fragments, 16_384);
    assert_eq!(limits.max_buffered_chunks, 262_144);
    assert!(!limits.skip_utf8_validation);
}

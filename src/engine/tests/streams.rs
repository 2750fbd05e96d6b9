//! Connections whose bytes a stream moves.

use super::{Bench, frame, text};

#[test]
fn chunks_of_streams_are_decoded_while_the_batch_has_room_and_wait_otherwise() {
    let mut bench = Bench::new();
    let (one, other) = (bench.add_stream(), bench.add_stream());
    let cut = frame(0x81, b"in pieces");
    let whole = frame(0x81, b"whole");
    let chunks = [(one, &cut[..3]), (other, &whole[..]), (one, &cut[3..])];
    assert_eq!(bench.take_intake(&chunks), 2);
    assert!(!bench.reactor.has_work());
    // More messages than a batch has records.
    let many: Vec<u8> = (0..2000).flat_map(|_| whole.clone()).collect();
    let count = bench.take_intake(&[(one, &many)]);
    assert!((1000..1024).contains(&count), "{count}");
    assert!(bench.reactor.has_work());
    assert_eq!(bench.take_intake(&[(other, &whole), (one, &cut)]), 0);
    let rest = bench.settle();
    let of = |slot, payload| {
        rest.iter()
            .filter(|&seen| *seen == text(slot, payload))
            .count()
    };
    assert_eq!(of(one.slot, b"whole"), 2000 - count);
    assert_eq!(of(other.slot, b"whole"), 1);
    assert_eq!(
        rest.iter().rfind(|record| record.slot == one.slot),
        Some(&text(one.slot, b"in pieces"))
    );
    assert_eq!(rest.len(), 2000 - count + 2);
}

#[test]
fn what_streams_have_to_write_is_taken_in_pieces_that_fit() {
    let mut bench = Bench::new();
    let (one, other) = (bench.add_stream(), bench.add_stream());
    let slots = [one, other].map(|token| token.slot as i32);
    let tags = [one, other].map(|token| token.tag(0x82 | 0x40));
    bench.flush(
        &[slots[0], tags[0], 0, 5, slots[1], tags[1], 5, 3],
        b"abcdexyz",
    );
    let mut memory = [0; 4];
    let mut take = |all, length: usize| {
        let taken = bench.reactor.take_output(&mut memory[..length], all)?;
        let bytes = memory[..taken.length].to_vec();
        Some((taken.token, bytes, taken.marks))
    };
    assert!(take(false, 4).is_none());
    assert_eq!(take(true, 4), Some((one, b"\x82\x05ab".to_vec(), 0)));
    assert_eq!(take(false, 3), Some((one, b"cde".to_vec(), 1)));
    assert_eq!(take(true, 4), Some((other, b"\x82\x03xy".to_vec(), 0)));
    assert_eq!(take(true, 4), Some((other, b"z".to_vec(), 1)));
    assert!(take(true, 4).is_none() && !bench.reactor.has_output());
}

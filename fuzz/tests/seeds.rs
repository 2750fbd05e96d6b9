//! Replays the seeds, and what was found with them, without a fuzzer.

use std::fs;
use std::path::Path;

#[track_caller]
fn assert_passes(name: &str, target: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(name);
    let seeds: Vec<_> = fs::read_dir(seeds).expect(name).collect();
    assert!(!seeds.is_empty());
    for seed in seeds {
        target(&fs::read(seed.expect(name).path()).expect(name));
    }

    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("found")
        .join(name);
    for line in fs::read_to_string(found).expect(name).lines() {
        target(&from_hex(line));
    }
}

fn from_hex(line: &str) -> Vec<u8> {
    let digits: Vec<_> = line.chars().map(|digit| digit.to_digit(16)).collect();
    let byte = |pair: &[Option<u32>]| (pair[0].expect(line) * 16 + pair[1].expect(line)) as u8;
    digits.chunks(2).map(byte).collect()
}

#[test]
fn the_seeds_of_frame_streams_pass() {
    assert_passes("frame_stream_server", ferrows_fuzz::frame_stream_server);
    assert_passes("frame_stream_client", ferrows_fuzz::frame_stream_client);
}

#[test]
fn the_seeds_of_the_handshake_pass() {
    assert_passes("handshake", ferrows_fuzz::handshake);
}

#[test]
fn the_seeds_of_headers_pass() {
    assert_passes("headers", ferrows_fuzz::headers);
}

#[test]
fn the_seeds_of_close_payloads_pass() {
    assert_passes("close_payload", ferrows_fuzz::close_payload);
}

#[test]
fn the_seeds_of_compression_pass() {
    assert_passes("inflate", ferrows_fuzz::inflate);
    assert_passes("deflate", ferrows_fuzz::deflate);
    assert_passes("deflate_large", ferrows_fuzz::deflate_large);
}

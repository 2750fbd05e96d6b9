#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ferrows_fuzz::deflate_large(data));

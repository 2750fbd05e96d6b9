#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ferrows_fuzz::frame_stream_server(data));

//! What a peer may not send, RFC 6455 §5 and §7.4. Each vector ends with the byte that is too much:
//! without it there is no error yet.

use super::replay::{replay, replay_all_ways};
use super::{Limits, Role, hex};

/// Close code, `WS_ERR_*` and text of the error that ends the stream.
#[track_caller]
fn assert_fails(role: Role, digits: &str, close_code: u16, code: &str, text: &str) {
    let stream = hex(digits);
    let outcome = replay_all_ways(role, Limits::default(), &stream);
    let error = outcome.error.expect("an error");
    assert_eq!(error.to_string(), text);
    assert_eq!(
        (error.close_code().value(), error.code()),
        (close_code, code)
    );

    let (_, before) = stream.split_last().expect("a byte");
    let before = replay(role, Limits::default(), [before]);
    assert_eq!(before.error, None, "too early");
    assert_eq!(before.items, outcome.items, "what came first is delivered");
    let more = [&stream[..], &[0xff; 20]].concat();
    assert_eq!(
        replay(role, Limits::default(), [&more[..]]).error,
        Some(error),
        "with more"
    );
}

macro_rules! bad_input {
    ($($title:ident: $role:ident, [$($digits:literal),+] => $close_code:literal, $code:literal, $text:literal;)+) => {$(
        #[test]
        fn $title() {
            for digits in [$($digits),+] {
                assert_fails(Role::$role, digits, $close_code, $code, $text);
            }
        }
    )+};
}

bad_input! {
    rsv2_and_rsv3_must_be_clear: Server, ["a1 80", "91 80", "b1 80", "f1 80", "a9 80", "30 00"] =>
        1002, "WS_ERR_UNEXPECTED_RSV_2_3", "Invalid WebSocket frame: RSV2 and RSV3 must be clear";
    rsv1_must_be_clear: Server, ["c1 80", "c2 80", "c9 80", "48 00", "40 00", "01 80 00 00 00 00 40 00"] =>
        1002, "WS_ERR_UNEXPECTED_RSV_1", "Invalid WebSocket frame: RSV1 must be clear";
    a_continuation_needs_a_message_to_continue: Server, ["80 80", "00 00", "00 ff"] =>
        1002, "WS_ERR_INVALID_OPCODE", "Invalid WebSocket frame: invalid opcode 0";
    a_finished_message_cannot_be_continued: Client, ["01 00 80 00 80 00"] =>
        1002, "WS_ERR_INVALID_OPCODE", "Invalid WebSocket frame: invalid opcode 0";
    text_cannot_start_inside_a_fragmented_message: Server,
        ["01 80 00 00 00 00 81 80", "02 80 00 00 00 00 01 00", "01 80 00 00 00 00 89 80 00 00 00 00 81 80"] =>
        1002, "WS_ERR_INVALID_OPCODE", "Invalid WebSocket frame: invalid opcode 1";
    binary_cannot_start_inside_a_fragmented_message: Client, ["01 00 02 00", "02 00 82 80"] =>
        1002, "WS_ERR_INVALID_OPCODE", "Invalid WebSocket frame: invalid opcode 2";
    opcode_3_is_reserved: Server, ["83 80", "03 00"] =>
        1002, "WS_ERR_INVALID_OPCODE", "Invalid WebSocket frame: invalid opcode 3";
    opcode_7_is_reserved: Client, ["87 00", "01 00 07 00"] =>
        1002, "WS_ERR_INVALID_OPCODE", "Invalid WebSocket frame: invalid opcode 7";
    opcode_11_is_reserved: Server, ["8b 80", "0b 00"] =>
        1002, "WS_ERR_INVALID_OPCODE", "Invalid WebSocket frame: invalid opcode 11";
    opcode_15_is_reserved: Client, ["8f 00", "0f ff"] =>
        1002, "WS_ERR_INVALID_OPCODE", "Invalid WebSocket frame: invalid opcode 15";
    control_frames_cannot_be_fragmented: Server, ["08 80", "09 80", "0a 80", "09 7e", "08 01"] =>
        1002, "WS_ERR_EXPECTED_FIN", "Invalid WebSocket frame: FIN must be set";
    control_frames_have_no_16_bit_length: Server, ["88 fe", "89 fe", "8a 7e"] =>
        1002, "WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH", "Invalid WebSocket frame: invalid payload length 126";
    control_frames_have_no_64_bit_length: Client, ["88 7f", "89 7f", "8a ff"] =>
        1002, "WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH", "Invalid WebSocket frame: invalid payload length 127";
    a_close_frame_cannot_have_one_byte: Server, ["88 81", "88 01"] =>
        1002, "WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH", "Invalid WebSocket frame: invalid payload length 1";
    a_server_needs_masked_frames: Server, ["81 00", "82 7f", "89 05", "88 02", "01 80 00 00 00 00 80 00"] =>
        1002, "WS_ERR_EXPECTED_MASK", "Invalid WebSocket frame: MASK must be set";
    a_client_needs_unmasked_frames: Client, ["81 80", "82 ff", "89 85", "88 82", "01 00 80 80"] =>
        1002, "WS_ERR_UNEXPECTED_MASK", "Invalid WebSocket frame: MASK must be clear";
    a_length_of_2_to_the_53rd_is_too_large: Client,
        ["82 7f 00 20 00 00 00 00 00 00", "81 7f ff ff ff ff ff ff ff ff"] =>
        1009, "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH", "Unsupported WebSocket frame: payload length > 2^53 - 1";
    a_large_length_is_refused_before_the_masking_key: Server, ["82 ff 80 00 00 00 00 00 00 00"] =>
        1009, "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH", "Unsupported WebSocket frame: payload length > 2^53 - 1";
    a_length_of_2_to_the_53rd_less_1_is_only_over_the_limit: Server, ["82 ff 00 1f ff ff ff ff ff ff"] =>
        1009, "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", "Max payload size exceeded";
    close_code_0_is_invalid: Client, ["88 02 00 00"] =>
        1002, "WS_ERR_INVALID_CLOSE_CODE", "Invalid WebSocket frame: invalid status code 0";
    close_code_999_is_invalid: Server, ["88 82 00 00 00 00 03 e7"] =>
        1002, "WS_ERR_INVALID_CLOSE_CODE", "Invalid WebSocket frame: invalid status code 999";
    close_code_1005_is_never_sent: Server, ["88 82 01 02 03 04 02 ef"] =>
        1002, "WS_ERR_INVALID_CLOSE_CODE", "Invalid WebSocket frame: invalid status code 1005";
    a_close_code_is_checked_before_the_reason: Client, ["88 03 03 ee ff"] =>
        1002, "WS_ERR_INVALID_CLOSE_CODE", "Invalid WebSocket frame: invalid status code 1006";
    a_close_reason_must_be_utf_8: Client, ["88 03 03 e8 ff", "88 04 03 e8 c3 28", "88 05 0f a0 61 e2 82"] =>
        1007, "WS_ERR_INVALID_UTF8", "Invalid WebSocket frame: invalid UTF-8 sequence";
    text_must_be_utf_8: Server, ["81 82 00 00 00 00 61 ff", "01 81 00 00 00 00 ff", "81 fe 00 05 00 00 00 00 80"] =>
        1007, "WS_ERR_INVALID_UTF8", "Invalid WebSocket frame: invalid UTF-8 sequence";
}

#[test]
fn only_invalid_utf_8_is_not_a_range_error() {
    use super::super::{ErrorConstructor, ProtocolError};
    assert_eq!(
        ProtocolError::InvalidUtf8.constructor(),
        ErrorConstructor::Error
    );
    for error in [
        ProtocolError::UnexpectedRsv23,
        ProtocolError::UnexpectedRsv1,
        ProtocolError::InvalidOpcode(3),
        ProtocolError::ExpectedFin,
        ProtocolError::InvalidControlPayloadLength(126),
        ProtocolError::ExpectedMask,
        ProtocolError::UnexpectedMask,
        ProtocolError::PayloadLengthTooLarge,
        ProtocolError::MaxPayloadExceeded,
        ProtocolError::TooManyFragments,
        ProtocolError::TooManyBufferedChunks,
        ProtocolError::InvalidCloseCode(1004),
    ] {
        assert_eq!(error.constructor(), ErrorConstructor::RangeError, "{error}");
    }
}

//! Messages and their fragments, RFC 6455 §5.4.

use super::{Limits, Opcode, ProtocolError};

/// What a data message holds, RFC 6455 §5.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageKind {
    Text,
    Binary,
}

/// The message whose frames are being received; the default between messages.
#[derive(Clone, Copy, Default)]
pub(super) struct Message {
    /// Bytes: the declared payload lengths of its frames so far.
    length: u64,
    /// Its frames so far.
    fragments: u32,
    /// None between messages.
    kind: Option<MessageKind>,
    compressed: bool,
}

impl Message {
    #[inline]
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether its first frame says that it is compressed.
    #[inline]
    pub(super) fn is_compressed(&self) -> bool {
        self.compressed
    }

    /// The kind of the message that a data frame with this opcode belongs to.
    ///
    /// # Errors
    /// A reserved opcode, or one that does not fit the message under way.
    #[inline]
    pub(super) fn kind_of_frame(&self, opcode: Opcode) -> Result<MessageKind, ProtocolError> {
        // §5.4: "A fragmented message consists of a single frame with the FIN bit clear and an
        // opcode other than 0, followed by zero or more frames with the FIN bit clear and the
        // opcode set to 0, and terminated by a single frame with the FIN bit set and an opcode of 0."
        // "The fragments of one message MUST NOT be interleaved between the fragments of another
        // message".
        match (opcode, self.kind) {
            (Opcode::TEXT, None) => Ok(MessageKind::Text),
            (Opcode::BINARY, None) => Ok(MessageKind::Binary),
            (Opcode::CONTINUATION, Some(kind)) => Ok(kind),
            _ => Err(ProtocolError::InvalidOpcode(opcode.value())),
        }
    }

    /// The message with one more frame, of `length` bytes by its header.
    ///
    /// # Errors
    /// The frame makes the message larger than `limits` allow.
    #[inline]
    pub(super) fn with_frame(
        &self,
        kind: MessageKind,
        compressed: bool,
        length: u64,
        limits: &Limits,
    ) -> Result<Self, ProtocolError> {
        let message = Self {
            length: self.length.saturating_add(length),
            fragments: self.fragments.saturating_add(1),
            kind: Some(kind),
            compressed,
        };
        // §10.4: "Implementations that have … limitations regarding the frame size or total message
        // size after reassembly from multiple frames MUST protect themselves against exceeding those
        // limits." The claim is enough: not a byte of the payload is held yet.
        if message.length > limits.max_payload && limits.max_payload > 0 {
            return Err(ProtocolError::MaxPayloadExceeded);
        }
        if message.fragments > limits.max_fragments && limits.max_fragments > 0 {
            return Err(ProtocolError::TooManyFragments);
        }
        Ok(message)
    }
}

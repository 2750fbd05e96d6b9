// The pictures' header; ../messages.js describes it.

export const HEADER_BYTES = 8;

const VERSION = 0x01;
const FLAG_START = 0x01;

/** Puts the header in front of a piece of a recording. The server fills in the id. */
export function encodePicture(blob, isStart) {
  const header = new Uint8Array(HEADER_BYTES);

  header[0] = VERSION;
  header[1] = isStart ? FLAG_START : 0;

  return new Blob([header, blob]);
}

/** Takes apart what the server relays; null where it is of another version. */
export function decodePicture(buffer) {
  if (buffer.byteLength <= HEADER_BYTES) return null;

  const view = new DataView(buffer);

  if (view.getUint8(0) !== VERSION) return null;

  return {
    isStart: (view.getUint8(1) & FLAG_START) !== 0,
    id: view.getUint32(4),
    bytes: new Uint8Array(buffer, HEADER_BYTES)
  };
}

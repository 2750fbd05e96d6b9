// Records a stream in pieces that are sent as they come.
//
// A recording can only be played from its start, so a new one begins whenever
// the server asks (somebody joined, or missed a piece), after a piece that could
// not be sent, and every RECORDING_MS, so that receivers can discard old ones.

const TYPES = ['video/webm;codecs=vp8', 'video/webm;codecs=vp9'];
const RECORDING_MS = 10_000;

// About 78 kB in a slice. Of a picture in which little happens it is less, and
// then a piece is more than one slice.
const BITS_PER_SECOND = 2_500_000;
const SLICE_MS = 250;
const MIN_PIECE_BYTES = 16 * 1024;
const MAX_PIECE_SLICES = 3;

/** The type of what is recorded here; undefined where nothing can be. */
export const recordingType =
  'MediaRecorder' in globalThis
    ? TYPES.find((type) => MediaRecorder.isTypeSupported(type))
    : undefined;

export class Recorder {
  #send;
  #stream = null;
  // The recorder that runs, and the one whose start was the last to be sent. They
  // differ while a new recording has begun and the old one's last piece is due.
  #current = null;
  #sent = null;
  #timer = 0;

  /** `send(piece, isStart)` returns false where the piece had to be dropped. */
  constructor(send) {
    this.#send = send;
  }

  start(stream) {
    this.stop();
    this.#stream = stream;
    this.#begin();
  }

  restart() {
    if (this.#stream === null) return;

    this.#end();
    this.#begin();
  }

  stop() {
    this.#end();
    this.#stream = null;
    this.#sent = null;
  }

  #begin() {
    // A device may go at any time; the source then shows something else.
    if (!this.#stream.active) return;

    const recorder = new MediaRecorder(this.#stream, {
      mimeType: recordingType,
      videoBitsPerSecond: BITS_PER_SECOND
    });

    let slices = [];

    recorder.ondataavailable = ({ data }) => {
      slices.push(data);

      const piece = new Blob(slices);
      const isLast = recorder.state === 'inactive';

      if (
        piece.size >= MIN_PIECE_BYTES ||
        slices.length >= MAX_PIECE_SLICES ||
        isLast
      ) {
        slices = [];
        this.#onPiece(recorder, piece);
      }
    };
    recorder.start(SLICE_MS);
    this.#current = recorder;
    this.#timer = setTimeout(() => this.restart(), RECORDING_MS);
  }

  #end() {
    clearTimeout(this.#timer);

    if (this.#current?.state === 'recording') this.#current.stop();
    this.#current = null;
  }

  #onPiece(recorder, piece) {
    const isStart = recorder === this.#current && recorder !== this.#sent;

    if (piece.size === 0 || (!isStart && recorder !== this.#sent)) return;

    if (this.#send(piece, isStart)) {
      this.#sent = recorder;
      return;
    }

    // Nothing that follows could be played, so this recording is over.
    this.#sent = null;
    this.restart();
  }
}

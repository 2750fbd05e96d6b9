// Plays pieces of recordings through MediaSource, close to their live edge.
//
// Each recording starts with its own initialisation segment and a key frame. In
// `sequence` mode the buffer strings them together; a key frame's place is where
// old data can be cut off without harm to what follows.

const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
const KEEP_SECONDS = 3;
const MAX_BUFFERED_SECONDS = 45;

// How far behind the newest picture playback is, in seconds: below the first, the
// next piece might come too late, and it slows down a little.
const EASE_LAG = 0.5;
const HURRY_LAG = 1;
const MAX_LAG = 2;
const TARGET_LAG = 0.6;

export function canPlay(type) {
  return 'MediaSource' in globalThis && MediaSource.isTypeSupported(type);
}

export class Player {
  #video;
  #onBroken;
  #source = new MediaSource();
  #buffer = null;
  #queue = [];
  #queuedBytes = 0;
  #hasStart = false;
  #starts = [];
  #listening = new AbortController();

  /** `onBroken` is called once, where nothing more can be played. */
  constructor(video, type, onBroken) {
    const options = { signal: this.#listening.signal };
    const url = URL.createObjectURL(this.#source);

    this.#video = video;
    this.#onBroken = onBroken;
    this.#source.addEventListener(
      'sourceopen',
      () => {
        URL.revokeObjectURL(url);
        this.#open(type);
      },
      options
    );
    video.addEventListener('error', () => this.#fail(), options);
    // Browsers pause what nobody sees.
    document.addEventListener(
      'visibilitychange',
      () => {
        if (!document.hidden) this.#keepUp();
      },
      options
    );
    video.src = url;
  }

  push(bytes, isStart) {
    if (this.#listening.signal.aborted) return;
    if (!isStart && !this.#hasStart) return;

    // A browser may not open the source before somebody looks at the tab. What is
    // older than the newest recording is of no interest then.
    if (isStart && this.#buffer === null) {
      this.#queue = [];
      this.#queuedBytes = 0;
    }

    this.#hasStart = true;
    this.#queue.push({ bytes, isStart });
    this.#queuedBytes += bytes.byteLength;

    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.#fail();
    else this.#pump();
  }

  close() {
    this.#listening.abort();
    this.#queue = [];
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  #open(type) {
    const options = { signal: this.#listening.signal };

    try {
      this.#buffer = this.#source.addSourceBuffer(type);
      this.#buffer.mode = 'sequence';
    } catch {
      this.#fail();
      return;
    }

    this.#buffer.addEventListener('error', () => this.#fail(), options);
    this.#buffer.addEventListener(
      'updateend',
      () => this.#onUpdateEnd(),
      options
    );
    this.#pump();
  }

  #onUpdateEnd() {
    if (this.#source.readyState !== 'open') return;

    this.#keepUp();
    this.#pump();
  }

  /** Gives the buffer one thing to do: cut off what is old, or take what is next. */
  #pump() {
    const buffer = this.#buffer;

    if (buffer === null || buffer.updating) return;

    try {
      if (this.#removeOld()) return;

      const next = this.#queue.shift();

      if (next === undefined) return;

      this.#queuedBytes -= next.bytes.byteLength;

      if (next.isStart) {
        // The last recording may have ended within an element.
        buffer.abort();
        this.#starts.push(endOf(buffer.buffered));
      }

      buffer.appendBuffer(next.bytes);
    } catch {
      this.#fail();
    }
  }

  /** Returns whether a removal has begun. */
  #removeOld() {
    const { buffered } = this.#buffer;

    if (buffered.length === 0) return false;

    const end = endOf(buffered);

    // A sender that never begins anew.
    if (end - buffered.start(0) > MAX_BUFFERED_SECONDS)
      throw new RangeError('Too long');

    if (
      !(
        this.#starts[1] <
        Math.min(end - KEEP_SECONDS, this.#video.currentTime - 0.1)
      )
    ) {
      return false;
    }

    this.#starts.shift();
    // A little less, as the key frame itself must not be part of it: a frame that
    // is removed takes all with it that depend on it.
    this.#buffer.remove(0, this.#starts[0] - 0.01);
    return true;
  }

  #keepUp() {
    const video = this.#video;
    const { buffered } = this.#buffer ?? video;

    if (buffered.length === 0) return;

    const end = endOf(buffered);
    const lag = end - video.currentTime;
    const start = buffered.start(buffered.length - 1);

    if (lag > MAX_LAG || video.currentTime < start) {
      video.currentTime = Math.max(start, end - TARGET_LAG);
    }

    if (lag > HURRY_LAG) video.playbackRate = 1.1;
    else video.playbackRate = lag < EASE_LAG ? 0.95 : 1;

    // Refused while the tab is hidden, and when the player closes meanwhile.
    if (video.paused) video.play().catch(() => {});
  }

  #fail() {
    if (this.#listening.signal.aborted) return;

    this.close();
    this.#onBroken();
  }
}

function endOf(ranges) {
  return ranges.length === 0 ? 0 : ranges.end(ranges.length - 1);
}

// The WebSocket to the server: opens again by itself, and notices when the
// other side has gone without a word.

import { decodePicture, encodePicture } from './protocol.js';

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 10_000;
const DELAY_GROWTH = 1.8;
const STABLE_MS = 5000;

const PING_INTERVAL_MS = 3000;
const SILENCE_MS = 10_000;
const OPENING_MS = 8000;

const MAX_WAITING = 1024 * 1024;

/**
 * Events, all with a `detail`:
 * - `state`: `{ state, retryAt }`, state being connecting, open or waiting;
 * - `message`: what the server says, an object with a `type`;
 * - `picture`: `{ id, isStart, bytes }`;
 * - `latency`: milliseconds.
 */
export class Connection extends EventTarget {
  #url;
  #meter;
  #ws = null;
  #delay = FIRST_DELAY_MS;
  #timers = new Set();
  #heardAt = 0;

  /** `url()` is asked before each attempt; `meter` counts all that passes. */
  constructor(url, meter) {
    super();
    this.#url = url;
    this.#meter = meter;

    addEventListener('online', () => this.retry());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.retry();
    });
  }

  get isOpen() {
    return this.#ws?.readyState === WebSocket.OPEN;
  }

  /** Whether what has been sent is leaving fast enough for pictures. */
  get hasRoom() {
    return this.isOpen && this.#ws.bufferedAmount < MAX_WAITING;
  }

  open() {
    const ws = new WebSocket(this.#url());

    this.#ws = ws;
    ws.binaryType = 'arraybuffer';
    ws.onopen = () => this.#onOpen();
    ws.onmessage = ({ data }) => this.#onMessage(data);
    ws.onclose = () => this.#onClose();
    this.#emit('state', { state: 'connecting' });
    this.#after(OPENING_MS, () => {
      if (ws.readyState === WebSocket.CONNECTING) this.#abandon();
    });
  }

  /** Does not wait any longer for the next attempt. */
  retry() {
    if (this.#ws !== null) return;

    this.#clearTimers();
    this.open();
  }

  /** Returns whether the message could be sent. */
  send(message) {
    if (!this.isOpen) return false;

    const text = JSON.stringify(message);

    this.#ws.send(text);
    this.#meter.countOut(text.length);
    return true;
  }

  /** Returns whether the picture could be sent; it is never queued for long. */
  sendPicture(blob, isStart) {
    if (!this.hasRoom) return false;

    const picture = encodePicture(blob, isStart);

    this.#ws.send(picture);
    this.#meter.countOut(picture.size);
    return true;
  }

  #onOpen() {
    this.#clearTimers();
    this.#heardAt = performance.now();
    this.#emit('state', { state: 'open' });
    this.#every(PING_INTERVAL_MS, () => this.#ping());
    // A server that accepts and drops is no reason to hurry.
    this.#after(STABLE_MS, () => (this.#delay = FIRST_DELAY_MS));
    this.#ping();
  }

  #ping() {
    if (performance.now() - this.#heardAt > SILENCE_MS) this.#abandon();
    else this.send({ type: 'ping', at: performance.now() });
  }

  #onMessage(data) {
    this.#heardAt = performance.now();
    this.#meter.countIn(
      typeof data === 'string' ? data.length : data.byteLength
    );

    if (typeof data !== 'string') {
      const picture = decodePicture(data);
      if (picture !== null) this.#emit('picture', picture);
      return;
    }

    const message = JSON.parse(data);

    if (message.type === 'pong') {
      this.#emit('latency', performance.now() - message.at);
    } else {
      this.#emit('message', message);
    }
  }

  #onClose() {
    const delay = this.#delay * (0.75 + Math.random() / 2);

    this.#ws = null;
    this.#clearTimers();
    this.#delay = Math.min(this.#delay * DELAY_GROWTH, MAX_DELAY_MS);
    this.#emit('state', { state: 'waiting', retryAt: Date.now() + delay });
    this.#after(delay, () => this.open());
  }

  /** Gives a silent connection up without waiting for its closing handshake. */
  #abandon() {
    const ws = this.#ws;

    ws.onopen = ws.onmessage = ws.onclose = null;
    ws.close();
    this.#onClose();
  }

  #after(ms, callback) {
    this.#timers.add(setTimeout(callback, ms));
  }

  #every(ms, callback) {
    this.#timers.add(setInterval(callback, ms));
  }

  #clearTimers() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

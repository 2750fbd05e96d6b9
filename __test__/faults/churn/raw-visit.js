'use strict';

const { createHash } = require('node:crypto');
const net = require('node:net');

const { frame, request } = require('../../support/raw-client');
const {
  keyOf,
  messagesOf,
  payloadOf,
  pings,
  reasonOf,
  wayOf
} = require('./token');
const { mayBeCut } = require('./witness');

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What a server says to a frame that is not masked. */
const PROTOCOL_ERROR = Buffer.from('880203ea', 'hex');

/** After how many bytes it resets a connection whose answer is under way. */
const UNDER_WAY = 100_000;

/**
 * One connection by a bare socket. All bytes that it receives, up to its end, have to be its own: the
 * response to its key, a ping, a greeting, a pong, an answer, a close frame with its reason.
 */
class RawVisit {
  /**
   * @param {Number} number The number of the connection
   * @param {Object} seen Where it counts
   */
  constructor(number, seen) {
    this.number = number;
    this.way = wayOf(number);
    this._seen = seen;
    /** Half of them do not wait for the response. */
    this._isEager = number % 2 === 0 || this.way === 'reset at once';
    /** What has to come, in order; `then` is called when it has. */
    this._due = this._partsDue();
    /** How many bytes of the first of them have come. */
    this._taken = 0;
    this._socket = null;
  }

  /** Comes and goes; resolves when the socket is closed. */
  async run(port) {
    while (!(await this._try(port)));
  }

  /** Resolves with false if the operating system had no port left. */
  _try(port) {
    return new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      let hadPort = true;

      this._socket = socket;
      socket.setNoDelay(true);
      socket.on('connect', () => this._begin());
      socket.on('data', (chunk) => this._take(chunk));
      socket.on('end', () => socket.end());
      socket.on('error', ({ code }) => {
        if (code === 'EADDRNOTAVAIL') hadPort = false;
        else this._checkError(code);
      });
      socket.on('close', () => {
        if (hadPort) this._checkEnd();
        resolve(hadPort);
      });
    });
  }

  _partsDue() {
    const { number, way } = this;
    const [greeting, answer, large] = messagesOf(number);
    const parts = [
      { bytes: responseTo(number), then: () => this._isEager || this._ask() }
    ];

    if (pings(number)) {
      parts.push({
        bytes: unmasked(0x89, reasonOf(number)),
        then: () => this._socket.write(frame(0x8a, reasonOf(number)))
      });
    }
    parts.push({ bytes: unmasked(0x82, greeting) });
    if (pings(number)) parts.push({ bytes: unmasked(0x8a, reasonOf(number)) });
    parts.push({ bytes: unmasked(0x82, answer), then: () => this._leave() });

    if (large) {
      const bytes = unmasked(0x82, large);
      parts.push(
        {
          bytes: bytes.subarray(0, UNDER_WAY),
          then: () => this._socket.resetAndDestroy()
        },
        { bytes: bytes.subarray(UNDER_WAY), mayMiss: true }
      );
    } else if (way === 'protocol error') {
      parts.push({ bytes: PROTOCOL_ERROR });
    } else if (way === 'close') {
      parts.push({ bytes: unmasked(0x88, closePayload(number)) });
    } else if (way === 'closed by the server') {
      parts.push({
        bytes: unmasked(0x88, closePayload(number)),
        then: () => this._socket.write(frame(0x88, closePayload(number)))
      });
    }
    return parts;
  }

  _begin() {
    const headers = { 'Sec-WebSocket-Key': keyOf(this.number) };

    this._socket.write(request({ headers, path: `/${this.number}` }));
    if (this._isEager) this._ask();
  }

  _ask() {
    const { number, _socket: socket } = this;
    const bytes = [frame(0x82, payloadOf(number))];

    if (pings(number)) bytes.unshift(frame(0x89, reasonOf(number)));
    socket.write(Buffer.concat(bytes), () => {
      if (this.way === 'reset at once') socket.resetAndDestroy();
    });
  }

  _take(chunk) {
    let rest = chunk;

    this._seen.bytes += chunk.length;
    while (rest.length !== 0 && this._due !== null) {
      const [part] = this._due;
      const from = this._taken;
      const own = part?.bytes.subarray(from, from + rest.length);

      if (!own?.equals(rest.subarray(0, own.length))) {
        this._isForeign(rest.toString('latin1', 0, 60));
        // What is behind it is told with it, and nobody waits for the rest.
        this._due = null;
        this._socket.destroy();
        return;
      }

      this._taken += own.length;
      rest = rest.subarray(own.length);
      if (this._taken === part.bytes.length) {
        this._seen.frames++;
        this._due.shift();
        this._taken = 0;
        part.then?.();
      }
    }
  }

  _leave() {
    const { number, _socket: socket } = this;

    switch (this.way) {
      case 'close':
        return socket.write(frame(0x88, closePayload(number)));
      case 'reset':
        return socket.resetAndDestroy();
      case 'end in a frame':
        return socket.end(frame(0x82, payloadOf(number)).subarray(0, 10));
      case 'reset in a frame':
        return socket.write(
          frame(0x82, payloadOf(number)).subarray(0, 11),
          () => socket.resetAndDestroy()
        );
      case 'protocol error':
        return socket.write(Buffer.from('820161', 'hex'));
      case 'end':
        return socket.end();
    }
  }

  /** Only a server that terminates may reset. */
  _checkError(code) {
    const isReset = code === 'ECONNRESET' || code === 'EPIPE';
    if (!isReset || this.way !== 'terminated by the server') {
      this._isUnexplained(code);
    }
  }

  _checkEnd() {
    if (this._due === null || mayBeCut(this.number)) return;

    const missing = this._due.filter(({ mayMiss }) => !mayMiss).length;
    if (missing !== 0) this._isUnexplained(`an end ${missing} parts too early`);
  }

  _isForeign(what) {
    this._seen.foreign.push([this.number, `raw, ${this.way}`, what]);
  }

  _isUnexplained(what) {
    this._seen.unexplained.push([this.number, `raw, ${this.way}`, what]);
  }
}

function responseTo(number) {
  const accept = createHash('sha1')
    .update(keyOf(number) + GUID)
    .digest('base64');

  return Buffer.from(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n' +
      `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
  );
}

/** A frame that a server sends: that of a client without the bit of the mask, the key, and the masking. */
function unmasked(first, payload) {
  const bytes = Buffer.from(payload);
  const header = frame(first, bytes).subarray(0, -bytes.length - 4);

  header[1] &= 0x7f;
  return Buffer.concat([header, bytes]);
}

/** The payload of its close frame: 1000 and the reason (RFC 6455 §5.5.1). */
function closePayload(number) {
  return Buffer.concat([
    Buffer.from('03e8', 'hex'),
    Buffer.from(reasonOf(number))
  ]);
}

module.exports = { RawVisit };

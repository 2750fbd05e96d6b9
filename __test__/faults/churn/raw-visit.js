'use strict';

const { createHash } = require('node:crypto');
const net = require('node:net');

const { frame, request } = require('../../support/raw-client');
const { isPayloadOf, keyOf, payloadOf, reasonOf, wayOf } = require('./token');

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What a server says to a frame that is not masked. */
const PROTOCOL_ERROR = '\x03\xea';

/**
 * One connection by a bare socket. All bytes that it receives, up to its end, have to be its own: the
 * response to its key, frames with its payload, a close frame with its reason.
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
    this._received = Buffer.alloc(0);
    this._hasResponse = false;
    this._messages = 0;
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
      let connected = true;

      this._socket = socket;
      socket.setNoDelay(true);
      socket.on('connect', () => this._begin());
      socket.on('data', (chunk) => this._take(chunk));
      socket.on('end', () => socket.end());
      socket.on('error', ({ code }) => {
        if (code === 'EADDRNOTAVAIL') connected = false;
      });
      socket.on('close', () => resolve(connected));
    });
  }

  _begin() {
    const { number, _socket: socket } = this;
    const headers = { 'Sec-WebSocket-Key': keyOf(number) };
    const bytes = [request({ headers, path: `/${number}` })];

    // Half of them do not wait for the response.
    this._isEager = number % 2 === 0 || this.way === 'reset at once';
    if (this._isEager) bytes.push(frame(0x82, payloadOf(number)));
    socket.write(Buffer.concat(bytes), () => {
      if (this.way === 'reset at once') socket.resetAndDestroy();
    });
  }

  _take(chunk) {
    this._seen.bytes += chunk.length;
    this._received = Buffer.concat([this._received, chunk]);
    if (!this._hasResponse && !this._takeResponse()) return;
    while (this._takeFrame());
  }

  _takeResponse() {
    const end = this._received.indexOf('\r\n\r\n');
    if (end === -1) return false;

    const head = this._received.toString('latin1', 0, end + 4);
    const accept = createHash('sha1')
      .update(keyOf(this.number) + GUID)
      .digest('base64');
    const expected =
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n' +
      `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;

    if (head !== expected) this._complain(head);
    this._received = this._received.subarray(end + 4);
    this._hasResponse = true;
    if (!this._isEager) {
      this._socket.write(frame(0x82, payloadOf(this.number)));
    }
    return true;
  }

  _takeFrame() {
    const bytes = this._received;
    if (bytes.length < 2) return false;

    const [first, length7] = bytes;
    const header = length7 === 126 ? 4 : length7 === 127 ? 10 : 2;
    if (bytes.length < header) return false;

    let length = length7;
    if (header === 4) length = bytes.readUInt16BE(2);
    if (header === 10) length = Number(bytes.readBigUInt64BE(2));
    if (first !== 0x82 && first !== 0x88) {
      this._complain(bytes.toString('hex', 0, 60));
      this._received = Buffer.alloc(0);
      return false;
    }
    if (bytes.length < header + length) {
      // What is not complete is its own, too.
      if (!isPayloadOf(this.number, bytes.subarray(header))) {
        this._complain(bytes.toString('latin1', header, header + 60));
      } else if (this.way === 'reset with bytes under way' && length > 1e5) {
        this._socket.resetAndDestroy();
      }
      return false;
    }

    this._received = bytes.subarray(header + length);
    this._check(first, bytes.subarray(header, header + length));
    return true;
  }

  _check(first, payload) {
    this._seen.frames++;
    if (first === 0x88) {
      const text = payload.toString('latin1');
      const expected =
        this.way === 'protocol error'
          ? PROTOCOL_ERROR
          : `\x03\xe8${reasonOf(this.number)}`;
      if (text !== expected) this._complain(text);
      if (this.way === 'closed by the server') {
        this._socket.write(frame(0x88, payload));
      }
      return;
    }

    if (!isPayloadOf(this.number, payload)) {
      this._complain(payload.toString('latin1', 0, 60));
    }
    // The first is a greeting, the second an answer.
    if (++this._messages === 2) this._leave();
  }

  _leave() {
    const { number, _socket: socket } = this;

    switch (this.way) {
      case 'close':
        return socket.write(
          frame(0x88, Buffer.from(`\x03\xe8${reasonOf(number)}`, 'latin1'))
        );
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

  _complain(what) {
    this._seen.foreign.push([this.number, this.way, what]);
  }
}

module.exports = { RawVisit };

'use strict';

const { once } = require('node:events');
const net = require('node:net');

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const MASKING_KEY = Buffer.from('37fa213d', 'hex');

/**
 * A client over bare TCP, for everything that an honest client cannot send.
 */
class RawClient {
  /**
   * @param {net.Socket} socket A connected socket
   */
  constructor(socket) {
    this.socket = socket;
    /** All bytes received and not taken by `read()`. */
    this.received = Buffer.alloc(0);
    this.ended = false;
    this._waiting = [];

    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this._look();
    });
    socket.on('end', () => {
      this.ended = true;
      this._look();
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => {
      this.ended = true;
      this._look();
    });
  }

  /**
   * Connects to a port or to a path.
   *
   * @param {(Number|String|Object)} address The port on the loopback, the path of a Unix socket, or
   *     the options of `net.connect()`
   * @return {Promise<RawClient>} The client
   */
  static async connect(address) {
    const socket =
      typeof address === 'number'
        ? net.connect(address, '127.0.0.1')
        : net.connect(address);
    socket.setNoDelay(true);
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /**
   * Connects and does the opening handshake.
   *
   * @param {(Number|String)} address Where to connect
   * @param {Object} [options]
   * @param {Buffer} [options.behind] Bytes sent in one segment with the request
   * @param {Object} [options.headers] More headers, or others; null leaves one out
   * @param {String} [options.path='/'] The path
   * @return {Promise<RawClient>} The client; `response` is the head of the response
   */
  static async open(address, { behind, headers, path } = {}) {
    const client = await RawClient.connect(address);
    client.send(
      Buffer.concat([request({ headers, path }), behind ?? Buffer.alloc(0)])
    );
    client.response = await client.readHead();
    return client;
  }

  /**
   * Sends bytes.
   *
   * @param {(Buffer|String)} bytes The bytes; a string is hex, and may have blanks
   */
  send(bytes) {
    this.socket.write(
      typeof bytes === 'string'
        ? Buffer.from(bytes.replace(/\s/g, ''), 'hex')
        : bytes
    );
  }

  /** Takes the next `count` bytes; rejects if the connection ends before. */
  read(count) {
    return this._until(() => {
      if (this.received.length < count) return undefined;
      return this._take(count);
    });
  }

  /** Takes the head of an HTTP response, as a string. */
  readHead() {
    return this._until(() => {
      const end = this.received.indexOf('\r\n\r\n');
      return end === -1 ? undefined : this._take(end + 4).toString('latin1');
    });
  }

  /** Takes the next frame of at most 65 535 bytes: `{ first, payload }`. */
  async readFrame() {
    const [first, second] = await this.read(2);
    let length = second & 0x7f;
    if (length === 126) length = (await this.read(2)).readUInt16BE(0);
    return { first, payload: await this.read(length) };
  }

  /** Takes all bytes up to the end of the connection. */
  readToEnd() {
    return this._until(() =>
      this.ended ? this._take(this.received.length) : undefined
    );
  }

  /** Ends this side and waits for the end of the connection. */
  async close() {
    this.socket.end();
    if (!this.socket.closed) await once(this.socket, 'close');
  }

  /** Has the peer see RST; over TLS, which has none, the end of it in the middle. */
  reset() {
    if (this.socket.encrypted) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  _take(count) {
    const taken = this.received.subarray(0, count);
    this.received = this.received.subarray(count);
    return taken;
  }

  _until(look) {
    return new Promise((resolve, reject) => {
      this._waiting.push({ look, resolve, reject });
      this._look();
    });
  }

  _look() {
    while (this._waiting.length !== 0) {
      const [{ look, resolve, reject }] = this._waiting;
      const found = look();

      if (found === undefined && !this.ended) return;
      this._waiting.shift();
      if (found !== undefined) resolve(found);
      else reject(this.error ?? new Error('The connection ended'));
    }
  }
}

/**
 * Makes an upgrade request.
 *
 * @param {Object} [options]
 * @param {Object} [options.headers] More headers, or others; null leaves one out
 * @param {String} [options.method='GET'] The method
 * @param {String} [options.path='/'] The path
 * @return {Buffer} The request
 */
function request({ headers, method = 'GET', path = '/' } = {}) {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...headers
  };
  const lines = Object.entries(all)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}\r\n`);

  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
}

/**
 * Makes a masked frame (RFC 6455 §5.2).
 *
 * @param {Number} first The first byte: FIN, RSV bits and opcode
 * @param {(Buffer|String)} [payload=''] The payload
 * @return {Buffer} The frame
 */
function frame(first, payload = '') {
  const bytes = Buffer.from(payload);
  let header;

  if (bytes.length <= 125) {
    header = Buffer.from([first, 0x80 | bytes.length]);
  } else if (bytes.length <= 0xffff) {
    header = Buffer.from([first, 0x80 | 126, 0, 0]);
    header.writeUInt16BE(bytes.length, 2);
  } else {
    header = Buffer.alloc(10);
    header.set([first, 0x80 | 127]);
    header.writeBigUInt64BE(BigInt(bytes.length), 2);
  }

  const masked = Buffer.from(bytes.map((byte, i) => byte ^ MASKING_KEY[i & 3]));
  return Buffer.concat([header, MASKING_KEY, masked]);
}

module.exports = { frame, KEY, RawClient, request };

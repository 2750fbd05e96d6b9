'use strict';

const { createHash } = require('node:crypto');
const net = require('node:net');
const tls = require('node:tls');

const { medium } = require('./medium');
const { RawClient } = require('./raw-client');
const { listen } = require('./serve');

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * A server over bare TCP, for everything that an honest server does not answer, and to see the
 * bytes that a client sends. Each connection is a `RawClient`, which is no more than the two ends'
 * name for a socket that collects.
 */
class RawServer {
  /**
   * @param {net.Server} server The server
   * @param {String} event The event that brings a connection
   */
  constructor(server, event) {
    this.server = server;
    /** All connections, in order. */
    this.connections = [];
    this.port = null;
    this._taken = 0;
    this._waiting = [];

    server.on(event, (socket) => {
      this.connections.push(new RawClient(socket));
      this._hand();
    });
  }

  /**
   * Listens on a port of its own, or on a path; ends with the test.
   *
   * @param {TestContext} t The test
   * @param {Object} [options]
   * @param {String} [options.path] The path of a Unix socket
   * @param {Object} [options.secure] Options of a TLS server, which it is then
   * @return {Promise<RawServer>} The server
   */
  static async start(t, { path, secure } = medium.server) {
    const raw = secure
      ? new RawServer(tls.createServer(secure), 'secureConnection')
      : new RawServer(net.createServer(), 'connection');

    t.after(() => raw.connections.forEach(({ socket }) => socket.destroy()));
    raw.port = await listen(t, raw.server, path);
    return raw;
  }

  /** The next connection. */
  accept() {
    return new Promise((resolve) => {
      this._waiting.push(resolve);
      this._hand();
    });
  }

  /** The next connection, when its request has come: `request` is the head of it. */
  async request() {
    const peer = await this.accept();
    peer.request = await peer.readHead();
    return peer;
  }

  /**
   * The next connection, when its request was answered.
   *
   * @param {Object} [options] Options of `response()`
   * @return {Promise<RawClient>} The connection; `request` is the head of its request
   */
  async upgrade(options) {
    const peer = await this.request();
    peer.send(response(peer.request, options));
    return peer;
  }

  _hand() {
    while (
      this._waiting.length !== 0 &&
      this._taken < this.connections.length
    ) {
      this._waiting.shift()(this.connections[this._taken++]);
    }
  }
}

/** The value of a header in the head of a request, or undefined. */
function header(head, name) {
  const match = new RegExp(`^${name}: (.*)\r$`, 'im').exec(head);
  return match === null ? undefined : match[1];
}

/** The value of `Sec-WebSocket-Accept` for a key. */
function acceptKey(key) {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64');
}

/**
 * Makes the response to an upgrade request.
 *
 * @param {String} head The head of the request
 * @param {Object} [options]
 * @param {(Buffer|String)} [options.behind] Bytes sent in one segment with it; a string is hex
 * @param {Object} [options.headers] More headers, or others; null leaves one out
 * @param {String} [options.status='101 Switching Protocols'] The status and its text
 * @return {Buffer} The response
 */
function response(head, { behind = '', headers, status } = {}) {
  const key = header(head, 'Sec-WebSocket-Key');
  const all = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': acceptKey(key),
    ...headers
  };
  const lines = Object.entries(all)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}\r\n`);

  return Buffer.concat([
    Buffer.from(
      `HTTP/1.1 ${status ?? '101 Switching Protocols'}\r\n${lines.join('')}\r\n`
    ),
    typeof behind === 'string'
      ? Buffer.from(behind.replace(/\s/g, ''), 'hex')
      : behind
  ]);
}

/**
 * Takes the next frame, of any length: `{ first, key, payload }`. The payload is unmasked; `key` is
 * null if it was not masked.
 *
 * @param {RawClient} peer The connection
 */
async function readMasked(peer) {
  const [first, second] = await peer.read(2);
  let length = second & 0x7f;
  if (length === 126) length = (await peer.read(2)).readUInt16BE(0);
  else if (length === 127) {
    length = Number((await peer.read(8)).readBigUInt64BE(0));
  }

  const key = second & 0x80 ? await peer.read(4) : null;
  const payload = Buffer.from(await peer.read(length));
  if (key !== null) {
    for (let i = 0; i < payload.length; i++) payload[i] ^= key[i & 3];
  }

  return { first, key, payload };
}

module.exports = { acceptKey, header, RawServer, readMasked, response };

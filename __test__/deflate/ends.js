'use strict';

const { once } = require('node:events');

const { libraries } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { RawServer, readMasked } = require('../support/raw-server');
const { session } = require('../support/session');
const { agreed, call, NAME } = require('./support');

/** The first byte of frames. */
const FIN = 0x80;
const RSV1 = 0x40;
const TEXT = FIN | RSV1 | 0x01;
const BINARY = FIN | RSV1 | 0x02;

const ROLES = ['server', 'client'];

/**
 * The peer of a `WebSocket`, over bare TCP: it reads and sends frames as they are, and compresses
 * with ws's codec.
 */
class Peer {
  /**
   * @param {RawClient} raw The connection
   * @param {String} role What the `WebSocket` is, `'server'` or `'client'`
   * @param {Object} params What was agreed on
   */
  constructor(raw, role, params) {
    this.raw = raw;
    this._isMasking = role === 'server';
    this._codec = agreed(
      { lib: libraries.ws },
      { isServer: role === 'client' },
      params
    );
  }

  /** Sends a frame with these bits and this payload. */
  frame(first, payload) {
    const masked = frame(first, payload);

    if (this._isMasking) {
      this.raw.send(masked);
      return;
    }

    // The key is behind the header.
    const length = Buffer.byteLength(payload ?? '');
    const header = masked.subarray(0, masked.length - length - 4);
    header[1] &= 0x7f;
    this.raw.send(Buffer.concat([header, Buffer.from(payload ?? '')]));
  }

  /** Compresses messages with the connection's context. */
  compress(data, fin = true) {
    return call(this._codec, 'compress', data, fin);
  }

  /** Sends a compressed message. */
  async send(data, first = TEXT) {
    this.frame(first, await this.compress(data));
  }

  /**
   * Takes the next message: `{ bits, controls, data, size }`, the first bytes of its frames in hex,
   * the control frames between them, what it is, and how many bytes its payload had.
   */
  async message() {
    const bits = [];
    const controls = [];
    const payloads = [];
    let first;

    do {
      const next = await readMasked(this.raw);

      if (next.first & 0x08) {
        controls.push([
          next.first.toString(16),
          next.payload.toString('latin1')
        ]);
        first = next.first & 0x0f;
        // Nothing comes behind a close frame.
        if (first === 8) return { bits, controls };
      } else {
        first = next.first;
        bits.push(first.toString(16));
        payloads.push(next.payload);
      }
    } while (first < FIN);

    const payload = Buffer.concat(payloads);
    const isCompressed = parseInt(bits[0], 16) & RSV1;
    const data = isCompressed
      ? await call(this._codec, 'decompress', payload)
      : payload;

    return { bits, controls, data, size: payload.length };
  }
}

/** Has a peer send frames in one write; returns its bytes. */
function sendAtOnce(peer, frames) {
  const pieces = [];

  peer.raw.send = (each) => pieces.push(each);
  for (const [first, payload] of frames) peer.frame(first, payload);
  delete peer.raw.send;

  const bytes = Buffer.concat(pieces);
  peer.raw.send(bytes);
  return bytes;
}

/**
 * Opens a connection that has agreed on permessage-deflate.
 *
 * @param {Object} scenario What `contract()` gives a scenario
 * @param {String} role What the `WebSocket` is, `'server'` or `'client'`
 * @param {Object} [how]
 * @param {Function} [how.onConnection] Called with the `WebSocket` as soon as there is one
 * @param {Object} [how.options] Options of the `WebSocket`'s `perMessageDeflate`
 * @param {Object} [how.others] Its other options
 * @param {Object} [how.params] The parameters that are agreed on, each `'true'` or a number
 * @return {Promise<{closed: Promise, peer: Peer, ws: WebSocket}>} Both ends
 */
async function ends(scenario, role, how = {}) {
  const { onConnection, options, others, params = {} } = how;
  const value = Object.entries(params).reduce(
    (text, [key, given]) =>
      `${text}; ${key}${given === true ? '' : `=${given}`}`,
    NAME
  );
  const headers = { 'Sec-WebSocket-Extensions': value };

  if (role === 'server') {
    const { client, closed, ws } = await session(scenario, {
      client: { headers },
      onConnection,
      server: { perMessageDeflate: options ?? true, ...others }
    });
    return { closed, peer: new Peer(client, role, params), ws };
  }

  const { lib, t } = scenario;
  const raw = await RawServer.start(t);
  const ws = new lib(`ws://127.0.0.1:${raw.port}`, {
    perMessageDeflate: options ?? true,
    ...others
  });
  t.after(() => ws.terminate());
  if (onConnection) onConnection(ws);
  const closed = new Promise((resolve) => ws.on('close', () => resolve()));
  const opened = once(ws, 'open');
  const client = await raw.upgrade({ headers });
  await opened;
  return { closed, peer: new Peer(client, role, params), ws };
}

module.exports = { BINARY, ends, FIN, Peer, ROLES, RSV1, sendAtOnce, TEXT };

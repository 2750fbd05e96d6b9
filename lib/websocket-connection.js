'use strict';

const {
  destroySocket,
  drainSocket,
  releaseServer
} = require('./adopted-socket');
const Connection = require('./connection');
const { toArrayBuffer } = require('./data');
const { huskOf } = require('./husks');

/**
 * The connection of a `WebSocket`: turns what arrived into what a user is told.
 * `websocket` has the methods `_on…()` for what changes its state.
 */
class WebSocketConnection extends Connection {
  /**
   * @param {Endpoint} endpoint The environment's endpoint
   * @param {WebSocket} websocket Whose connection it is
   */
  constructor(endpoint, websocket) {
    super(endpoint);
    this.websocket = websocket;
  }

  onMessage(data, isBinary, fragmentEnds) {
    const { websocket } = this;

    websocket.emit(
      'message',
      isBinary ? convert(data, websocket._binaryType, fragmentEnds) : data,
      isBinary
    );
  }

  onPing(data) {
    this.websocket._onPing(data);
  }

  onPong(data) {
    this.websocket.emit('pong', data);
  }

  onConclude(code, reason) {
    this.websocket._onConclude(code, reason);
  }

  onError(facts) {
    this.websocket._onError(facts);
  }

  onEnd() {
    const husk = huskOf(this);
    if (husk !== null) husk.push(null);
    this.websocket._onEnd();
  }

  onDrain() {
    drainSocket(this);
  }

  onDestroy(errno) {
    if (errno !== 0) this.websocket._onFailure();
    releaseServer(this);
    destroySocket(this, errno);
  }

  onClose() {
    this.websocket._onClose();
  }
}

/**
 * Makes of a binary message what `binaryType` asks for.
 *
 * @param {Buffer} data The message
 * @param {String} type The value of `binaryType`
 * @param {(Buffer|null)} ends Where its fragments end, as little-endian 32-bit numbers, if there
 *     are several
 * @return {(Buffer|ArrayBuffer|Blob|Buffer[])} The message
 */
function convert(data, type, ends) {
  if (type === 'nodebuffer') return data;
  if (type === 'arraybuffer') return toArrayBuffer(data);
  if (type === 'blob') return new Blob([data]);
  if (ends === null) return data.length === 0 ? [] : [data];

  const fragments = [];
  let start = 0;

  for (let i = 0; i < ends.length; i += 4) {
    const end = ends.readUInt32LE(i);
    fragments.push(data.subarray(start, end));
    start = end;
  }

  return fragments;
}

module.exports = WebSocketConnection;

'use strict';

const {
  destroySocket,
  drainSocket,
  endSocket,
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

  onMessage(data, isBinary) {
    const { websocket } = this;

    if (isBinary && websocket._binaryType !== 'nodebuffer') {
      this.onFragments(data.length === 0 ? [] : [data]);
    } else {
      websocket.emit('message', data, isBinary);
    }
  }

  onFragments(fragments) {
    const { websocket } = this;
    let data = fragments;

    switch (websocket._binaryType) {
      case 'nodebuffer':
        data = concat(fragments);
        break;
      case 'arraybuffer':
        data = toArrayBuffer(concat(fragments));
        break;
      case 'blob':
        data = new Blob(fragments);
        break;
    }

    websocket.emit('message', data, true);
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

function concat(fragments) {
  return fragments.length === 1 ? fragments[0] : Buffer.concat(fragments);
}

module.exports = WebSocketConnection;

'use strict';

const Ferrows = require('../..');

/** A client whose bytes a stream moves, also where its descriptor could be taken over. */
class StreamWebSocket extends Ferrows {
  constructor(address, protocols, options) {
    const isOptions =
      typeof protocols === 'object' &&
      protocols !== null &&
      !Array.isArray(protocols);

    if (isOptions) super(address, { ...protocols, transport: 'stream' });
    else super(address, protocols, { ...options, transport: 'stream' });
  }
}

/** A server whose connections are over streams. */
class StreamServer extends Ferrows.WebSocketServer {
  constructor(options, callback) {
    super(
      { WebSocket: StreamWebSocket, ...options, transport: 'stream' },
      callback
    );
  }
}

/** Ferrows with the option `transport: 'stream'` wherever there are options. */
module.exports = Object.assign(StreamWebSocket, {
  Server: StreamServer,
  WebSocket: StreamWebSocket,
  WebSocketServer: StreamServer
});

'use strict';

const net = require('node:net');
const { Duplex } = require('node:stream');

const { SERVER } = require('./certificates');

/**
 * A stream that is no socket, and moves the bytes of one, as a client of a proxy does.
 */
class Tunnel extends Duplex {
  /**
   * @param {net.Socket} socket The socket
   */
  constructor(socket) {
    super();
    this._socket = socket;
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
    // By this a request learns that its time is over.
    socket.on('timeout', () => this.emit('timeout'));
  }

  _read() {
    this._socket.resume();
  }

  _write(chunk, encoding, callback) {
    this._socket.write(chunk, callback);
  }

  _final(callback) {
    this._socket.end(callback);
  }

  _destroy(error, callback) {
    this._socket.destroy();
    callback(error);
  }
}

/** What else than a plain socket clients may be dialled over, and their servers listen on. */
const MEDIA = {
  tls: {
    client: { rejectUnauthorized: false },
    scheme: 'wss',
    server: { secure: SERVER }
  },
  tunnel: {
    client: { createConnection: (options) => new Tunnel(net.connect(options)) },
    scheme: 'ws',
    server: {}
  }
};

const medium = { client: {}, scheme: 'ws', server: {} };

/**
 * Has the clients of all scenarios of the process be dialled over another medium, if they say
 * nothing else.
 *
 * @param {String} name `'tls'` or `'tunnel'`
 */
function dialOver(name) {
  Object.assign(medium, MEDIA[name]);
}

module.exports = { dialOver, medium };

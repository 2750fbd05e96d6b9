'use strict';

const { isPayloadOf, payloadOf, reasonOf, wayOf } = require('./token');

/** Clients that have gone, to be sent on when others have their descriptors. */
const ended = [];
const KEPT = 64;

/** One connection by a client of the library. All messages that it is told of have to be its own. */
class LibraryVisit {
  /**
   * @param {Number} number The number of the connection
   * @param {Object} seen Where it counts
   * @param {Function} WebSocket The class of the library
   */
  constructor(number, seen, WebSocket) {
    this.number = number;
    this._seen = seen;
    this._WebSocket = WebSocket;
    this._messages = 0;
  }

  /** Comes and goes; resolves after `'close'`. */
  async run(port) {
    while (!(await this._try(port)));
  }

  /** Resolves with false if the operating system had no port left. */
  _try(port) {
    return new Promise((resolve) => {
      const { number } = this;
      const ws = new this._WebSocket(`ws://127.0.0.1:${port}/${number}`, {
        perMessageDeflate: number % 3 === 0
      });
      let connected = true;

      ws.on('error', ({ code }) => {
        if (code === 'EADDRNOTAVAIL') connected = false;
      });
      ws.on('open', () => {
        if (ended.length >= KEPT) sendLate(ended.shift());
        ws.send(payloadOf(number));
        if (wayOf(number) === 'reset at once') ws._socket.resetAndDestroy();
      });
      ws.on('message', (data) => this._check(ws, data));
      ws.on('close', (code, reason) => {
        if (reason.length !== 0 && reason.toString() !== reasonOf(number)) {
          this._complain(reason.toString());
        }
        sendLate({ number, ws });
        ended.push({ number, ws });
        resolve(connected);
      });
    });
  }

  _check(ws, data) {
    this._seen.frames++;
    this._seen.bytes += data.length;
    if (!isPayloadOf(this.number, data)) {
      this._complain(data.toString('latin1', 0, 60));
    }
    // The first is a greeting, the second an answer.
    if (++this._messages === 2) this._leave(ws);
  }

  _leave(ws) {
    switch (wayOf(this.number)) {
      case 'close':
        return ws.close(1000, reasonOf(this.number));
      case 'reset':
      case 'reset in a frame':
      case 'reset with bytes under way':
        return ws._socket.resetAndDestroy();
      case 'end in a frame':
        return ws._socket.end(Buffer.from('8285', 'hex'));
      case 'protocol error':
        return ws._socket.write(Buffer.from('820161', 'hex'));
      case 'end':
        return ws._socket.end();
    }
  }

  _complain(what) {
    this._seen.foreign.push([this.number, 'of the library', what]);
  }
}

/** Sends on a connection that has ended. */
function sendLate({ number, ws }) {
  ws.send(payloadOf(number), () => {});
  ws.ping(reasonOf(number), undefined, () => {});
  ws._socket?.on('error', () => {});
  ws._socket?.write(payloadOf(number));
  ws.terminate();
}

module.exports = { LibraryVisit };

'use strict';

const { payloadOf, pings, reasonOf, wayOf } = require('./token');
const { Witness, clientMayBeTold } = require('./witness');

/** Clients that have gone, to be sent on when others have their descriptors. */
const ended = [];
const KEPT = 64;

/** One connection by a client of the library. All that it is told has to be its own. */
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
      let isOpen = false;
      let hadPort = true;

      ws.on('error', ({ code, message }) => {
        if (isOpen) return;
        if (code === 'EADDRNOTAVAIL') hadPort = false;
        else this._isUnexplained(`${code} ${message}`);
      });
      ws.on('open', () => {
        isOpen = true;
        this._begin(ws);
      });
      ws.on('close', () => {
        if (!isOpen && hadPort) this._isUnexplained("'close' before 'open'");
        sendLate({ number, ws });
        ended.push({ number, ws });
        resolve(hadPort);
      });
    });
  }

  _begin(ws) {
    const { number } = this;
    const witness = new Witness(number, clientMayBeTold(number), this._seen);

    witness.watch(ws);
    // The first is a greeting, the second an answer.
    ws.on('message', () => {
      if (witness.messages === 2) this._leave(ws);
    });

    if (ended.length >= KEPT) sendLate(ended.shift());
    if (pings(number)) ws.ping(reasonOf(number));
    ws.send(payloadOf(number));
    if (wayOf(number) === 'reset at once') ws._socket.resetAndDestroy();
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

  _isUnexplained(what) {
    this._seen.unexplained.push([this.number, 'of the client', what]);
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

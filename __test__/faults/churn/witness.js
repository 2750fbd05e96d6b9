'use strict';

const { messagesOf, payloadOf, pings, reasonOf, wayOf } = require('./token');

/** What ends tell that had no close frame. */
const NO_CLOSE_FRAME = [1006, ''];

/** What one end of a connection is told, held against what it may be told. */
class Witness {
  /**
   * @param {Number} number The number of the connection
   * @param {Object} allowed What `serverMayBeTold()` or `clientMayBeTold()` says
   * @param {Object} seen Where it counts `bytes` and `frames`, and tells what is `foreign`, and what is
   *     `unexplained`
   */
  constructor(number, allowed, seen) {
    /** How many messages have come. */
    this.messages = 0;
    this._number = number;
    this._allowed = allowed;
    this._seen = seen;
    this._pings = 0;
    this._pongs = 0;
    this._errors = 0;
    this._isClosed = false;
    this._ws = null;
  }

  /** Listens to all that tells something of the peer, from now until the process ends. */
  watch(ws) {
    this._ws = ws;
    ws.on('message', (data) => this._onMessage(data));
    ws.on('ping', (data) => this._onControl('ping', data, ++this._pings));
    ws.on('pong', (data) => this._onControl('pong', data, ++this._pongs));
    ws.on('error', (error) => this._onError(error));
    ws.on('close', (code, reason) => this._onClose(code, reason.toString()));
  }

  _onMessage(data) {
    const own = this._allowed.messages[this.messages++];

    this._count(data);
    if (own === undefined || !data.equals(own)) {
      this._isForeign(`a message: ${shown(data)}`);
    }
  }

  _onControl(name, data, count) {
    this._count(data);
    if (data.toString() !== reasonOf(this._number)) {
      this._isForeign(`a ${name}: ${shown(data)}`);
    } else if (count > 1 || !pings(this._number)) {
      this._isUnexplained(`a ${name}`);
    }
  }

  _onError({ code, message }) {
    if (code !== this._allowed.errors[this._errors++]) {
      this._isUnexplained(`${code} ${message}`);
    }
  }

  _onClose(code, reason) {
    const [ownCode, ownReason] = this._allowed.close;

    if (code !== 1006) this._count(reason);
    if (this._isClosed) this._isUnexplained("a second 'close'");
    this._isClosed = true;
    if (reason !== ownReason && reason !== '') {
      this._isForeign(`a reason: ${shown(reason)}`);
    }
    if (code !== ownCode || reason !== ownReason) {
      this._isUnexplained(`'close' with ${code} and ${shown(reason)}`);
    }
    if (this._errors < this._allowed.errors.length) {
      this._isUnexplained("no 'error'");
    }
    if (this.messages < this._allowed.least) {
      this._isUnexplained(`'close' after ${this.messages} messages`);
    }
  }

  _count({ length }) {
    this._seen.frames++;
    this._seen.bytes += length;
  }

  _isForeign(what) {
    this._seen.foreign.push([this._number, this._allowed.end, what]);
    // The two ends may wait for each other now, for ever.
    this._ws.terminate();
  }

  _isUnexplained(what) {
    this._seen.unexplained.push([this._number, this._allowed.end, what]);
  }
}

/** What the server may be told of a connection. */
function serverMayBeTold(number) {
  const way = wayOf(number);

  return {
    close: closeOf(number),
    end: `of the server, ${way}`,
    errors: way === 'protocol error' ? ['WS_ERR_EXPECTED_MASK'] : [],
    least: way === 'reset at once' ? 0 : 1,
    messages: [payloadOf(number)]
  };
}

/** What a client may be told of a connection that was open. */
function clientMayBeTold(number) {
  const way = wayOf(number);

  return {
    close: way === 'protocol error' ? [1002, ''] : closeOf(number),
    end: `of the client, ${way}`,
    errors: [],
    least: mayBeCut(number) ? 0 : 2,
    messages: messagesOf(number)
  };
}

/** Whether a client may go, or be dropped, before it has the answer. */
function mayBeCut(number) {
  const way = wayOf(number);
  return way === 'reset at once' || way === 'terminated by the server';
}

function closeOf(number) {
  const way = wayOf(number);
  return way === 'close' || way === 'closed by the server'
    ? [1000, reasonOf(number)]
    : NO_CLOSE_FRAME;
}

/** The beginning of something, as it is told. */
function shown(data) {
  return data.toString('latin1').slice(0, 60);
}

module.exports = { Witness, clientMayBeTold, mayBeCut, serverMayBeTold };

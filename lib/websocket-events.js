'use strict';

const convert = require('./binary-type');
const { READY_STATES } = require('./constants');
const { kStatusCode, protocolError } = require('./errors');

const [, OPEN, CLOSING, CLOSED] = READY_STATES.keys();

/**
 * What a `WebSocket` does when its connection tells of something: methods of its prototype.
 */
module.exports = {
  /** A message arrived. */
  _onMessage(data, isBinary, fragmentEnds) {
    this.emit(
      'message',
      isBinary ? convert(data, this._binaryType, fragmentEnds) : data,
      isBinary
    );
  },

  /** A pong arrived. */
  _onPong(data) {
    this.emit('pong', data);
  },

  /** A ping arrived. The pong goes out first: a listener may close. */
  _onPing(data) {
    const { autoPong, maxPendingAutoPongs } = this._options;

    if (autoPong && this._readyState === OPEN) {
      const most = maxPendingAutoPongs | 0;

      if (most > 0 && this._pendingAutoPongs >= most) {
        this.terminate();
      } else {
        this._pendingAutoPongs++;
        this.pong(data, !this._isServer, () => this._pendingAutoPongs--);
      }
    }

    this.emit('ping', data);
  },

  /** A close frame arrived. */
  _onConclude(code, reason) {
    this._closeFrameReceived = true;
    this._closeCode = code;

    if (reason.length !== 0) {
      // A copy that keeps nothing else in memory.
      this._closeMessage = Buffer.allocUnsafeSlow(reason.length);
      this._closeMessage.set(reason);
    }

    process.nextTick(readOn, this._connection);

    if (code === 1005) this.close();
    else this.close(code, reason);
  },

  /** The peer broke the protocol. */
  _onError(facts) {
    const error = protocolError(facts);

    this._errored = true;
    process.nextTick(readOn, this._connection);
    this.close(error[kStatusCode]);
    this.emit('error', error);
  },

  /** The peer sent FIN. */
  _onEnd() {
    this._readyState = CLOSING;
    this._connection.endSocket();
  },

  /** The connection has failed: callbacks that wait will be told, then that it is gone. */
  _onFailure() {
    this._readyState = CLOSING;
  },

  /** A close frame was sent: the connection is cut off if the closing handshake takes too long. */
  _setCloseTimer() {
    this._closeTimer = setTimeout(
      terminate,
      this._options.closeTimeout,
      this._connection
    );
  },

  /** The connection is gone. */
  _onClose() {
    this._readyState = CLOSING;
    clearTimeout(this._closeTimer);
    this._closeTimer = null;
    if (this._place !== null) this._place.leave();
    if (this._server !== null) this._server._forget(this);
    this.emitClose();
  },

  /** A `Blob` could not be read: nothing more is sent. */
  _onSendError(error) {
    if (this._readyState === CLOSED) return;

    if (this._readyState === OPEN) {
      this._readyState = CLOSING;
      this._setCloseTimer();
    }

    // The peer may finish what it is sending.
    this._connection.endSocket();

    if (!this._errored) {
      this._errored = true;
      this.emit('error', error);
    }
  },

  /** A client's handshake has failed. */
  _emitErrorAndClose(error) {
    this._readyState = CLOSING;
    this.emit('error', error);
    this.emitClose();
  }
};

/** Ends a pause: nothing more is emitted, and the peer's FIN has to be seen. */
function readOn(connection) {
  connection.setPaused(false);
}

function terminate(connection) {
  connection.terminate();
}

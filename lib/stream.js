'use strict';

const { Duplex } = require('stream');

/**
 * Wraps a `WebSocket` in a stream: each message becomes a chunk, each chunk a message.
 *
 * @param {WebSocket} ws The `WebSocket`
 * @param {Object} [options] Options of the `Duplex`
 * @return {Duplex} The stream
 */
function createWebSocketStream(ws, options) {
  // An error of the connection has closed it already, with a close frame that must get out.
  let terminates = true;
  /** Whose 'close' there has to be before 'end'. */
  const closing = new Set([ws]);
  const onClose = (emitter) => {
    closing.delete(emitter);
    if (closing.size === 0 && !duplex.destroyed) duplex.push(null);
  };

  const duplex = new Duplex({
    ...options,
    autoDestroy: false,
    emitClose: false,
    objectMode: false,
    writableObjectMode: false,

    read() {
      if (ws.isPaused) ws.resume();
    },

    write(chunk, encoding, callback) {
      whenOpen(ws, () => ws.send(chunk, callback));
    },

    final(callback) {
      whenOpen(ws, () => {
        const socket = ws._socket;

        // It may tell of its 'finish' after the connection's 'close', and 'end' comes after that.
        if (socket !== null && !socket.closed) {
          closing.add(socket);
          socket.once('close', () => onClose(socket));
        }

        finish(ws, socket, duplex, callback);
      });
    },

    destroy(error, callback) {
      const emitClose = () => duplex.emit('close');

      if (ws.readyState === ws.CLOSED) {
        callback(error);
        process.nextTick(emitClose);
        return;
      }

      let called = false;

      ws.once('error', (wsError) => {
        called = true;
        callback(wsError);
      });
      ws.once('close', () => {
        if (!called) callback(error);
        process.nextTick(emitClose);
      });

      if (terminates) ws.terminate();
    }
  });

  ws.on('message', (message, isBinary) => {
    const { readableObjectMode } = duplex;
    const chunk =
      !isBinary && readableObjectMode ? message.toString() : message;

    if (!duplex.push(chunk)) ws.pause();
  });

  ws.once('error', (error) => {
    if (duplex.destroyed) return;
    terminates = false;
    duplex.destroy(error);
  });

  ws.once('close', () => onClose(ws));

  duplex.on('end', () => {
    if (!duplex.destroyed && duplex.writableFinished) duplex.destroy();
  });

  duplex.on('error', function duplexOnError(error) {
    duplex.removeListener('error', duplexOnError);
    duplex.destroy();
    // Without another listener it is thrown, as it is for any stream.
    if (duplex.listenerCount('error') === 0) duplex.emit('error', error);
  });

  return duplex;
}

/** Calls `callback` now, or when the handshake is done. */
function whenOpen(ws, callback) {
  if (ws.readyState === ws.CONNECTING) ws.once('open', callback);
  else callback();
}

/** Closes the connection; the writable side is finished when the socket's is. */
function finish(ws, socket, duplex, callback) {
  // The handshake has failed, and 'error' follows.
  if (socket === null) return;

  if (socket.writableFinished) {
    callback();
    if (duplex.readableEnded) duplex.destroy();
  } else {
    // 'end' follows, when the connection is closed.
    socket.once('finish', () => callback());
    ws.close();
  }
}

module.exports = createWebSocketStream;

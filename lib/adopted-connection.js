'use strict';

const net = require('net');

const { AdoptedSocket, adoptSocket } = require('./adopted-socket');
const Connection = require('./connection');
const { systemError } = require('./errors');
const { hold, huskOf, unwatch, watch } = require('./husks');
const { OPERATION } = require('./numbers');

/** Own methods that Node.js's http server puts on the sockets of its requests. */
const HTTP_WRAPPERS = ['on', 'addListener', 'prependListener', 'setEncoding'];

/**
 * A connection whose descriptor was taken over. Its socket is a husk, which may be collected; what
 * happens to the one happens to the other.
 */
class AdoptedConnection extends Connection {
  constructor(endpoint, owner) {
    super(endpoint, owner);

    this.referenced = true;
    this._whenClosed = null;
    /** The socket it was taken from, or a `WeakRef` of it; see husks.js. */
    this.husk = null;
    this.huskIsHeld = false;
    /** The server that counts the socket among its connections. */
    this._netServer = null;
    this.bytesReadBefore = 0;
    this.bytesWrittenBefore = 0;
  }

  /**
   * Takes the connection out of a socket that has no obstacle (see adopt.js). The socket stays
   * usable as far as `AdoptedSocket` says.
   *
   * @param {net.Socket} socket The socket
   * @param {Buffer} head What Node.js read behind the handshake
   * @param {Object} options Limits, and `response`: what is written first
   * @throws {Error} If the operating system refuses; the socket is then as it was
   */
  adopt(socket, head, options) {
    const real = socket._handle;

    // Somebody may want to be asked before anything is read.
    const isPaused = socket.readableFlowing === false;

    // What is fixed while Node.js still has the handle.
    socket.setTimeout(0);
    socket.setNoDelay();
    real.readStop();

    // `read()` starts the handle again, unless it believes that it is reading.
    real.reading = true;
    const chunks = head.length === 0 ? [] : [head];
    for (let chunk; (chunk = socket.read()) !== null;) chunks.push(chunk);
    const received = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);

    try {
      this.endpoint.adopt(this, real.fd, options, received);
    } catch (error) {
      if (received.length > head.length) {
        socket.unshift(received.subarray(head.length));
      }
      real.readStart();
      throw error;
    }

    this.bytesReadBefore = real.bytesRead;
    this.bytesWrittenBefore = real.bytesWritten;

    for (const name of HTTP_WRAPPERS) {
      if (Object.hasOwn(socket, name)) {
        socket[name] = AdoptedSocket.prototype[name];
      }
    }

    if (isPaused) this.setPaused(true);
    adoptSocket(this, socket);
    watch(this, socket);

    // The server counts its connections, and waits for the last. A socket that is collected cannot
    // tell it, so the connection does.
    this._netServer = socket._server ?? null;
    socket._server = null;

    // Our duplicate keeps the connection open.
    real.close();

    if (Object.hasOwn(options, 'response')) {
      this.write(OPERATION.RAW, options.response);
    }
  }

  /**
   * Its husk, for somebody who may keep it. If it was collected, another one is made: nobody can
   * tell the difference, and it knows the peer's address as well.
   *
   * @type {AdoptedSocket}
   */
  get socket() {
    let socket = huskOf(this);

    if (socket === null) {
      socket = new net.Socket({ allowHalfOpen: true });
      adoptSocket(this, socket);
      if (this.closed) socket.destroy();
    }

    hold(this, socket);
    return socket;
  }

  /**
   * Bytes that the kernel has not taken yet.
   *
   * @type {Number}
   */
  get queued() {
    if (this.closed) return 0;
    this.endpoint.outbox.flushFor(this);
    return this.endpoint.native.queued(this.slot, this.generation);
  }

  /**
   * @return {({bytesRead: Number, bytesWritten: Number, idle: Number}|null)} Bytes since
   *     adoption and milliseconds since bytes last moved; null once it is closed
   */
  counters() {
    if (this.closed) return null;
    this.endpoint.outbox.flushFor(this);
    return this.endpoint.native.counters(this.slot, this.generation);
  }

  /** Whether FIN leaves behind all that was given before, even what is still compressed. */
  get endsInOrder() {
    return true;
  }

  /** Sends FIN, behind what was written to the husk itself. */
  endSocket() {
    const socket = huskOf(this);
    if (socket === null) this.end();
    // To end it again would make an error that nobody gets.
    else if (!socket.writableEnded) socket.end();
  }

  /** Closes the connection at once. */
  terminate() {
    const socket = huskOf(this);
    if (socket === null) this.destroy();
    else socket.destroy();
  }

  /** Stops or continues reading, for the user. */
  pauseSocket(paused) {
    const socket = huskOf(this);
    if (socket === null) this.setPaused(paused);
    else if (paused) socket.pause();
    else socket.resume();
  }

  /**
   * Closes the descriptor; what is queued and not taken by the kernel at once is lost.
   *
   * @param {Boolean} [reset=false] Whether the peer gets RST instead of FIN
   */
  destroy(reset = false) {
    if (this.destroyed) return;
    this.destroyed = true;
    // Messages that are being decompressed are still delivered, and those that were, in this batch.
    const hasLastWords = this.endpoint.destroy(this, reset);
    const isInflated = this.deflates && this.endpoint.current === this;
    if (!hasLastWords && !isInflated) this.deafUntil = Infinity;
  }

  /** Whether it keeps the process alive. */
  setReferenced(referenced) {
    this.referenced = referenced;
    if (!this.closed) {
      this.endpoint.native.setReferenced(
        this.slot,
        this.generation,
        referenced
      );
    }
  }

  /**
   * Has `callback` called after the descriptor was closed.
   *
   * @param {Function} callback The callback
   */
  whenClosed(callback) {
    if (this.closed) process.nextTick(callback);
    else this._whenClosed = callback;
  }

  applyPause(paused) {
    if (!this.closed) {
      this.endpoint.native.setPaused(this.slot, this.generation, paused);
    }
  }

  /** The peer sent FIN. */
  onEnd() {
    const husk = huskOf(this);
    if (husk !== null) husk.push(null);
    this.owner._onEnd();
  }

  /** All that was refused has been written: tells those who wait for it at the husk. */
  onDrain() {
    const socket = huskOf(this);
    if (socket !== null && !socket.writableNeedDrain) socket.emit('drain');
  }

  /** The descriptor is closed. May be called again. */
  onDestroy(errno) {
    if (this._netServer !== null) {
      const server = this._netServer;
      this._netServer = null;
      server._connections--;
      server._emitCloseIfDrained();
    }

    const socket = huskOf(this);
    if (socket === null) return;
    if (errno !== 0) socket.destroy(systemError('read', errno));
    else socket.destroy();
  }

  forget() {
    super.forget();
    unwatch(this);
    if (this._whenClosed !== null) process.nextTick(this._whenClosed);
  }
}

module.exports = AdoptedConnection;

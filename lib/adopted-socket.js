'use strict';

const net = require('net');
const { isUint8Array } = require('util').types;

const { OPERATION } = require('./numbers');
const { hold, kConnection } = require('./husks');

const { RAW } = OPERATION;

const kIdleTimer = Symbol('kIdleTimer');

const NO_BYTES = new ArrayBuffer();

/**
 * Stands where a socket had its `TCP` or `Pipe`. It inherits nothing of Node.js's: native code
 * would look for what is not there. It is a view because V8 gives those the internal fields in
 * which that code looks for a handle, as `process.send()` of a socket does: it finds them empty,
 * and says EINVAL. In an object without such fields it reads memory that is something else.
 */
class AdoptedHandle extends DataView {
  constructor(connection) {
    super(NO_BYTES);
    this.connection = connection;
    this.onread = null;
    this.reading = true;
    this.reset = false;
  }

  get fd() {
    return -1;
  }

  get bytesRead() {
    const { connection } = this;
    return connection.bytesReadBefore + (connection.counters()?.bytesRead ?? 0);
  }

  /** As in libuv, bytes that wait to be written are included. */
  get bytesWritten() {
    const { connection } = this;
    const taken = connection.counters()?.bytesWritten ?? 0;
    return connection.bytesWrittenBefore + taken + connection.queued;
  }

  get writeQueueSize() {
    return this.connection.queued;
  }

  getAsyncId() {
    return this.connection.asyncId();
  }

  close(callback) {
    this.connection.destroy(this.reset);
    if (callback) this.connection.whenClosed(callback);
  }

  getpeername(out) {
    return this._name(out, true);
  }

  getsockname(out) {
    return this._name(out, false);
  }

  _name(out, peer) {
    const { endpoint, slot, generation } = this.connection;
    const name = endpoint.native.socketName(slot, generation, peer);
    Object.assign(out, name);
    if (name?.address?.includes('%')) out.address = withInterface(name.address);
    return name === null ? -1 : 0;
  }

  ref() {
    this.connection.setReferenced(true);
  }

  unref() {
    this.connection.setReferenced(false);
  }

  hasRef() {
    return this.connection.referenced;
  }

  readStart() {
    return 0;
  }

  readStop() {
    return 0;
  }

  setNoDelay(enable) {
    return this._option('setNoDelay', enable);
  }

  setKeepAlive(enable, delay) {
    return this._option('setKeepAlive', enable, delay >>> 0);
  }

  setTypeOfService(value) {
    return this._option('setTypeOfService', value);
  }

  _option(name, ...values) {
    const { endpoint, slot, generation } = this.connection;
    return endpoint.native[name](slot, generation, ...values);
  }
}

/**
 * A `net.Socket` whose connection was taken over: what it was asked of its peer, its options and
 * its end it still answers; raw writes go out in order with the frames; bytes are not read from it.
 */
class AdoptedSocket extends net.Socket {
  /**
   * Node.js's stream would keep a second write until the first one is done, and all while corked;
   * frames sent meanwhile would overtake it.
   */
  write(chunk, encoding, callback) {
    const isString = typeof chunk === 'string';

    // It knows the errors.
    if (
      this.destroyed ||
      this.writableEnded ||
      !(isString || isUint8Array(chunk))
    ) {
      return super.write(chunk, encoding, callback);
    }

    if (typeof encoding === 'function') {
      callback = encoding;
      encoding = undefined;
    }

    const connection = this[kConnection];
    const bytes = isString ? Buffer.from(chunk, encoding || 'utf8') : chunk;
    connection.write(
      RAW,
      bytes,
      typeof callback === 'function' ? callback : undefined
    );
    return connection.queued < this.writableHighWaterMark;
  }

  _write(chunk, encoding, callback) {
    const bytes =
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
    this[kConnection].write(RAW, bytes, callback);
  }

  _writev(chunks, callback) {
    const bytes = chunks.map(({ chunk, encoding }) =>
      typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk
    );
    this[kConnection].write(RAW, Buffer.concat(bytes), callback);
  }

  _final(callback) {
    this[kConnection].end(callback);
  }

  _read() {}

  /** Bytes that wait to be written, those of frames included. */
  get writableLength() {
    return this[kConnection].queued + super.writableLength;
  }

  /** Whether `'drain'` will tell that all has been written. */
  get writableNeedDrain() {
    return this[kConnection].queued !== 0 || super.writableNeedDrain;
  }

  pause() {
    this[kConnection].setPaused(true);
    return super.pause();
  }

  resume() {
    this[kConnection].setPaused(false);
    return super.resume();
  }

  destroy(error, callback) {
    // ws listens for 'error', so it is never thrown for want of a listener.
    if (error && this.listenerCount('error') === 0) super.on('error', noop);
    return super.destroy(error, callback);
  }

  resetAndDestroy() {
    if (this._handle) this._handle.reset = true;
    return this.destroy();
  }

  /** The timer of `setTimeout()` went off, which does not know of what the engine moved. */
  _onTimeout() {
    const counters = this[kConnection].counters();
    if (counters === null || this.destroyed || !this.timeout) return;

    const left = this.timeout - counters.idle;
    if (left <= 0) this.emit('timeout');

    clearTimeout(this[kIdleTimer]);
    this[kIdleTimer] = setTimeout(
      () => this._onTimeout(),
      left <= 0 ? this.timeout : left
    ).unref();
  }

  setTimeout(msecs, callback) {
    clearTimeout(this[kIdleTimer]);
    hold(this[kConnection], this);
    return super.setTimeout(msecs, callback);
  }

  on(event, listener) {
    hold(this[kConnection], this);
    return super.on(event, listener);
  }

  addListener(event, listener) {
    return this.on(event, listener);
  }

  prependListener(event, listener) {
    hold(this[kConnection], this);
    return super.prependListener(event, listener);
  }
}

/**
 * Makes `socket` the husk of `connection`.
 *
 * @param {AdoptedConnection} connection The connection
 * @param {net.Socket} socket Its socket, whose handle is taken out
 */
function adoptSocket(connection, socket) {
  socket._handle = new AdoptedHandle(connection);
  socket[kConnection] = connection;
  Object.setPrototypeOf(socket, AdoptedSocket.prototype);

  // As under ws, whose listener for 'data' makes it flow: 'end' would not be emitted otherwise.
  if (connection.paused) net.Socket.prototype.pause.call(socket);
  else net.Socket.prototype.resume.call(socket);
}

/** Replaces the number of the interface in a link-local address (RFC 4007 §11) by its name. */
function withInterface(address) {
  // Loaded for it: it is rare.
  const os = require('os');
  const [ip, number] = address.split('%');

  for (const [name, addresses] of Object.entries(os.networkInterfaces())) {
    if (addresses.some(({ scopeid }) => scopeid === Number(number))) {
      return `${ip}%${name}`;
    }
  }

  return address;
}

function noop() {}

module.exports = { AdoptedSocket, adoptSocket };

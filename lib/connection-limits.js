'use strict';

const { optionOutOfRange, optionOfWrongType } = require('./errors');
const { kConnection } = require('./husks');

/** What stands before an IPv4 address on a socket of IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED = '::ffff:';

/** The place of a connection that is not counted. */
const UNCOUNTED = { cancel() {}, leave() {}, settle() {} };

/**
 * Counts the connections of a server, in all and by address, and says whether there is room for one
 * more (`maxConnections`, `maxConnectionsPerIp`). A request has a place from when it is admitted:
 * otherwise any number of them could wait for `verifyClient`.
 */
class ConnectionLimits {
  /**
   * @param {Object} options The options of the server
   * @throws {(TypeError|RangeError)} If a limit is not an integer >= 0 or Infinity
   */
  constructor({ maxConnections, maxConnectionsPerIp }) {
    this._most = readLimit('maxConnections', maxConnections);
    this._mostPerIp = readLimit('maxConnectionsPerIp', maxConnectionsPerIp);
    this._count = 0;
    /** `{ address, count }` by address, of those that have a connection. */
    this._perIp = new Map();
  }

  /**
   * Admits a request, if there is room.
   *
   * @param {http.IncomingMessage} req The request
   * @param {Duplex} socket Its socket
   * @return {(Place|null)} What counts as a connection until it has ended; null if there is no room
   */
  admit(req, socket) {
    // A socket that has ended or was upgraded before becomes no connection.
    if (!this._areSet || socket.destroyed || socket[kConnection]) {
      return UNCOUNTED;
    }

    if (this._count >= this._most) return null;

    const peer = this._peerOf(req, socket);
    if (peer !== null && peer.count >= this._mostPerIp) return null;

    return new Place(this, peer, socket);
  }

  get _areSet() {
    return this._most !== Infinity || this._mostPerIp !== Infinity;
  }

  /** The count of a socket's address; null if the address does not matter, or there is none. */
  _peerOf(req, socket) {
    if (this._mostPerIp === Infinity) return null;

    // A stream inside of a connection has no address of its own.
    const given = socket.remoteAddress ?? req.socket?.remoteAddress;
    if (given === undefined) return null;

    const address = given.startsWith(MAPPED)
      ? given.slice(MAPPED.length)
      : given;

    return this._perIp.get(address) ?? { address, count: 0 };
  }

  _add(peer) {
    this._count++;

    if (peer !== null) {
      if (peer.count === 0) this._perIp.set(peer.address, peer);
      peer.count++;
    }
  }

  _remove(peer) {
    this._count--;

    if (peer !== null) {
      peer.count--;
      if (peer.count === 0) this._perIp.delete(peer.address);
    }
  }
}

/** What a connection takes up of the limits, once. */
class Place {
  constructor(limits, peer, socket) {
    this._limits = limits;
    this._peer = peer;
    this._socket = socket;
    this._onClose = () => this.leave();

    limits._add(peer);
    socket.once('close', this._onClose);
  }

  /**
   * The request has become a connection, which leaves the place when it ends. Its socket, which may
   * be collected before, is left alone.
   */
  settle() {
    if (this._onClose === null) return;

    this._socket.removeListener('close', this._onClose);
    this._socket = this._onClose = null;
  }

  /** The request was refused. Does nothing if it has become a connection before. */
  cancel() {
    if (this._onClose !== null) this.leave();
  }

  /** The connection has ended. Does nothing the second time. */
  leave() {
    if (this._limits === null) return;

    this._limits._remove(this._peer);
    this._limits = null;
    this.settle();
  }
}

function readLimit(name, value) {
  if (value === undefined || value === null || value === 0) return Infinity;
  if (typeof value !== 'number') {
    throw optionOfWrongType(name, 'a number', value);
  }
  if (value !== Infinity && !(Number.isInteger(value) && value > 0)) {
    throw optionOutOfRange(name, 'an integer >= 0', value);
  }
  return value;
}

module.exports = ConnectionLimits;

'use strict';

const net = require('net');

const AdoptedConnection = require('./adopted-connection');
const getEndpoint = require('./endpoint');
const StreamConnection = require('./stream-connection');

/** Listeners of these events want the socket's bytes themselves. */
const READERS = ['data', 'readable'];

/** A socket whose own methods were replaced does more with its bytes than TCP does. */
const WRITERS = ['write', 'end', 'destroy', '_write', '_destroy', 'read'];

/**
 * Whether the TCP or Unix connection of a socket can be taken over. Others do their work as streams.
 *
 * @param {Duplex} socket The socket of an upgrade request
 * @return {Boolean} Whether it can
 */
function isAdoptable(socket) {
  // A `TLSSocket` has a descriptor, too.
  if (Object.getPrototypeOf(socket) !== net.Socket.prototype) return false;

  const handle = socket._handle;
  const kind = handle?.constructor?.name;

  return (
    (kind === 'TCP' || kind === 'Pipe') &&
    handle.fd >= 0 &&
    // Nothing is left to write, and more may follow,
    !socket.writableEnded &&
    socket.writableLength === 0 &&
    socket.writableCorked === 0 &&
    handle.writeQueueSize === 0 &&
    // and nobody else reads or writes.
    socket.readableEncoding === null &&
    READERS.every((event) => socket.listenerCount(event) === 0) &&
    socket._readableState.pipes.length === 0 &&
    !WRITERS.some((name) => Object.hasOwn(socket, name))
  );
}

/**
 * Takes the connection of an upgraded socket over: its descriptor where that is possible, its
 * stream where it is not.
 *
 * @param {WebSocket} owner Whose connection it becomes
 * @param {Duplex} socket The socket
 * @param {Buffer} head What was read behind the handshake
 * @param {Object} options Limits; `response`; `transport`, `'auto'` or `'stream'`
 * @return {Connection} The connection
 */
function connect(owner, socket, head, options) {
  const endpoint = getEndpoint();
  // The events of a server's connection are in nobody's async context.
  const make = (Class) =>
    owner._isServer
      ? endpoint.makeConnection(Class, owner)
      : new Class(endpoint, owner);

  if (
    endpoint.adopts &&
    options.transport !== 'stream' &&
    isAdoptable(socket)
  ) {
    const connection = make(AdoptedConnection);

    try {
      connection.adopt(socket, head, options);
      return connection;
    } catch {
      // There are no descriptors left, say. The stream has one.
    }
  }

  const connection = make(StreamConnection);
  connection.attach(socket, head, options);
  return connection;
}

/**
 * Whether connections can be made at all. The first of an environment needs descriptors of its own,
 * which the operating system may refuse.
 *
 * @return {(Error|null)} What it said, or null
 */
function connectFault() {
  try {
    getEndpoint();
    return null;
  } catch (error) {
    return error;
  }
}

module.exports = { connect, connectFault };

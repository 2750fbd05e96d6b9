'use strict';

const net = require('net');

const { getEndpoint } = require('./endpoint');
const { AdoptedSocket, adoptSocket } = require('./adopted-socket');

/** Listeners of these events want the socket's bytes themselves. */
const READERS = ['data', 'readable'];

/** A socket whose own methods were replaced does more with its bytes than TCP does. */
const WRITERS = ['write', 'end', 'destroy', '_write', '_destroy', 'read'];

/** Own methods that Node.js's http server puts on the sockets of its requests. */
const HTTP_WRAPPERS = ['on', 'addListener', 'prependListener', 'setEncoding'];

/** The operating system has refused to duplicate or to register a descriptor. */
class AdoptionError extends Error {}

/**
 * Says why the TCP or Unix connection of a socket cannot be taken over.
 *
 * @param {Duplex} socket The socket of an upgrade request
 * @return {(String|null)} The reason, or null if it can
 */
function obstacle(socket) {
  if (process.platform !== 'linux')
    return `the platform is ${process.platform}`;

  // They export libuv's symbols and abort when these are called.
  if (process.versions.bun || process.versions.deno) {
    return 'the runtime is not Node.js';
  }

  if (Object.getPrototypeOf(socket) !== net.Socket.prototype) {
    return `it is a ${socket?.constructor?.name ?? typeof socket}, not a plain net.Socket`;
  }

  const handle = socket._handle;
  const kind = handle?.constructor?.name;

  if ((kind !== 'TCP' && kind !== 'Pipe') || !(handle.fd >= 0)) {
    return 'it has no descriptor';
  }

  if (
    socket.writableLength !== 0 ||
    socket.writableCorked !== 0 ||
    handle.writeQueueSize !== 0
  ) {
    return 'it has something left to write';
  }

  if (socket.readableEncoding !== null) return 'it has an encoding';
  if (READERS.some((event) => socket.listenerCount(event) !== 0)) {
    return 'somebody reads from it';
  }
  if (socket._readableState.pipes.length !== 0) return 'it is piped';
  if (WRITERS.some((name) => Object.hasOwn(socket, name))) {
    return 'its methods were replaced';
  }

  try {
    getEndpoint();
  } catch (error) {
    return error.message;
  }

  return null;
}

/**
 * Takes the connection out of a socket that has no obstacle. The socket stays usable as far as
 * `AdoptedSocket` says.
 *
 * @param {Connection} connection The connection that takes over
 * @param {net.Socket} socket The socket
 * @param {Buffer} head What Node.js read behind the request
 * @param {Object} options Limits; `isServer`
 * @throws {AdoptionError} If the operating system refuses; the socket can then still be written to
 */
function adopt(connection, socket, head, options) {
  const real = socket._handle;

  // What is fixed while Node.js still has the handle.
  socket.setTimeout(0);
  socket.setNoDelay();
  real.readStop();

  // `read()` starts the handle again, unless it believes that it is reading.
  real.reading = true;
  const chunks = head.length === 0 ? [] : [head];
  for (let chunk; (chunk = socket.read()) !== null;) chunks.push(chunk);

  try {
    getEndpoint().adopt(
      connection,
      real.fd,
      options,
      chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
    );
  } catch (error) {
    throw new AdoptionError(error.message);
  }

  connection.bytesReadBefore = real.bytesRead;
  connection.bytesWrittenBefore = real.bytesWritten;

  for (const name of HTTP_WRAPPERS) {
    if (Object.hasOwn(socket, name)) {
      socket[name] = AdoptedSocket.prototype[name];
    }
  }

  adoptSocket(connection, socket);
  // Our duplicate keeps the connection open.
  real.close();
}

module.exports = { adopt, AdoptionError, obstacle };

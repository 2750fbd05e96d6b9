'use strict';

const { once } = require('node:events');
const { RawClient, request } = require('./raw-client');

/**
 * Starts a `WebSocketServer` on a port of its own; it ends with the test.
 *
 * @param {TestContext} t The test
 * @param {Function} lib The library, ws or Ferrows
 * @param {Object} [options] Options of the server
 * @return {Promise<{wss: WebSocketServer, port: Number}>} The server and its port
 */
async function serve(t, lib, options) {
  const wss = new lib.WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    ...options
  });

  t.after(() => stop(wss));
  await once(wss, 'listening');
  return { wss, port: wss.address().port };
}

/** Closes a server and cuts its connections off. */
function stop(wss) {
  for (const ws of wss.clients ?? []) ws.terminate();
  wss.close();
}

/**
 * Has a server of Node.js listen; it ends with the test.
 *
 * @param {TestContext} t The test
 * @param {net.Server} server The server
 * @param {String} [path] The path of a Unix socket, instead of a port
 * @return {Promise<Number>} Its port
 */
async function listen(t, server, path) {
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  t.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  await once(server, 'listening');
  return server.address().port;
}

/** Connects a `RawClient`, which is destroyed with the test. */
async function connect(t, address) {
  const client = await RawClient.connect(address);
  t.after(() => client.socket.destroy());
  return client;
}

/** Connects a `RawClient` and does the opening handshake; it is destroyed with the test. */
async function open(t, address, options) {
  const client = await RawClient.open(address, options);
  t.after(() => client.socket.destroy());
  return client;
}

/**
 * Sends an upgrade request that is to be refused.
 *
 * @return {Promise<String>} All that the server sends, up to the end of the connection
 */
async function refused(t, address, options) {
  const client = await connect(t, address);
  client.send(request(options));
  return (await client.readToEnd()).toString('latin1');
}

/**
 * Starts a server and opens one connection to it.
 *
 * @param {TestContext} t The test
 * @param {Function} lib The library, ws or Ferrows
 * @param {Object} [options] Options of the server
 * @return {Promise<Object>} `wss`, `port`, the server's `ws` and `req`, and the `client`
 */
async function pair(t, lib, options) {
  const { wss, port } = await serve(t, lib, options);
  const connection = once(wss, 'connection');
  const client = await open(t, port);
  const [ws, req] = await connection;
  return { wss, port, ws, req, client };
}

module.exports = { connect, listen, open, pair, refused, serve };

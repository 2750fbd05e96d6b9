'use strict';

const EventEmitter = require('events');

const binding = require('./binding');
const { connectFault } = require('./connect');
const ConnectionLimits = require('./connection-limits');
const { readDeflateOptions } = require('./deflate-options');
const {
  abortHandshake,
  refuseForNow,
  rejectRequest,
  socketOnError
} = require('./handshake');
const { extension, subprotocol } = require('./headers');
const { kConnection } = require('./husks');
const { guarded, isInternalError } = require('./internal-error');
const PerMessageDeflate = require('./permessage-deflate');
const { readHandshakeTimeout, verify } = require('./verify-client');
const WebSocket = require('./websocket');

const checkUpgrade = guarded(binding.checkUpgrade);

const RUNNING = 0;
const CLOSING = 1;
const CLOSED = 2;

/**
 * A WebSocket server.
 *
 * @extends EventEmitter
 */
class WebSocketServer extends EventEmitter {
  /**
   * @param {Object} options Exactly one of `port`, `server` and `noServer` is needed
   * @param {Boolean} [options.allowSynchronousEvents=true] Whether several `'message'`, `'ping'`
   *     and `'pong'` events may be emitted in one tick
   * @param {Boolean} [options.autoPong=true] Whether pings are answered
   * @param {Number} [options.backlog=511] Connections that may wait to be accepted
   * @param {Boolean} [options.clientTracking=true] Whether `clients` is kept
   * @param {Number} [options.closeTimeout=30000] Milliseconds that the closing handshake may take
   * @param {Function} [options.handleProtocols] Chooses a subprotocol
   * @param {Number} [options.handshakeTimeout=0] Milliseconds that `verifyClient` may take to call
   *     its callback; 0: any time
   * @param {String} [options.host] Where to listen
   * @param {Number} [options.maxBufferedChunks=262144] Reads that one frame may take; 0: any
   * @param {Number} [options.maxConnections=0] Connections at a time; 0: any number
   * @param {Number} [options.maxConnectionsPerIp=0] Those of one remote address; 0: any number
   * @param {Number} [options.maxFragments=16384] Fragments that a message may have; 0: any
   * @param {Number} [options.maxPayload=104857600] Bytes that a message may have; 0: any
   * @param {Number} [options.maxPendingAutoPongs=60] Pongs that may wait to be written; 0: any
   * @param {Boolean} [options.noServer=false] Whether `handleUpgrade()` is called by the user
   * @param {String} [options.path] Accept only this path
   * @param {(Boolean|Object)} [options.perMessageDeflate=false] Whether messages are compressed for
   *     clients that offer it, and how
   * @param {Number} [options.port] Where to listen
   * @param {(http.Server|https.Server)} [options.server] The server whose upgrades are handled
   * @param {Boolean} [options.skipUTF8Validation=false] Whether text is taken as it comes
   * @param {Function} [options.verifyClient] Accepts or rejects requests
   * @param {Function} [options.WebSocket=WebSocket] The class of the connections
   * @param {Function} [callback] A listener for `'listening'` of the internal server
   * @throws {TypeError} If none or several of the three are given
   * @throws {(TypeError|RangeError)} If `handshakeTimeout`, `maxConnections`, `maxConnectionsPerIp` or
   *     an option of `perMessageDeflate` cannot be honoured
   */
  constructor(options, callback) {
    super();

    options = {
      allowSynchronousEvents: true,
      autoPong: true,
      maxBufferedChunks: 256 * 1024,
      maxFragments: 16 * 1024,
      maxPayload: 100 * 1024 * 1024,
      maxPendingAutoPongs: 60,
      skipUTF8Validation: false,
      perMessageDeflate: false,
      handleProtocols: null,
      clientTracking: true,
      closeTimeout: 30000,
      verifyClient: null,
      noServer: false,
      backlog: null,
      server: null,
      host: null,
      path: null,
      port: null,
      WebSocket,
      ...options
    };

    const given = [options.port != null, options.server, options.noServer];

    if (given.filter(Boolean).length !== 1) {
      throw new TypeError(
        'One and only one of the "port", "server", or "noServer" options must be specified'
      );
    }

    if (options.perMessageDeflate === true) options.perMessageDeflate = {};
    if (options.perMessageDeflate) {
      readDeflateOptions(options.perMessageDeflate);
    }

    readHandshakeTimeout(options.handshakeTimeout);
    this._limits = new ConnectionLimits(options);

    if (options.port != null) {
      // Loaded for it: a client or a test that has no server can do without.
      this._server = require('http').createServer(answerPlainRequest);
      this._server.listen(
        options.port,
        options.host,
        options.backlog,
        callback
      );
    } else if (options.server) {
      this._server = options.server;
    }

    if (this._server) {
      const emitConnection = this.emit.bind(this, 'connection');

      this._removeListeners = addListeners(this._server, {
        listening: this.emit.bind(this, 'listening'),
        error: this.emit.bind(this, 'error'),
        upgrade: (req, socket, head) => {
          this.handleUpgrade(req, socket, head, emitConnection);
        }
      });
    }

    if (options.clientTracking) {
      this.clients = new Set();
      this._shouldEmitClose = false;
    }

    this.options = options;
    this._state = RUNNING;

    // Connections share descriptors that are better taken before there are many of them.
    connectFault();
  }

  /**
   * Returns the address that the server listens on.
   *
   * @return {(Object|String|null)} Address, family and port; the path of a Unix socket; null if it
   *     does not listen
   * @throws {Error} In `noServer` mode
   * @public
   */
  address() {
    if (this.options.noServer) {
      throw new Error('The server is operating in "noServer" mode');
    }

    if (!this._server) return null;
    return this._server.address();
  }

  /**
   * Accepts no more connections. `'close'` is emitted when the last one has ended, and the internal
   * server with it. Connections and foreign servers are left alone.
   *
   * @param {Function} [cb] A listener for the `'close'` event
   * @public
   */
  close(cb) {
    if (this._state === CLOSED) {
      if (cb) {
        this.once('close', () => cb(new Error('The server is not running')));
      }

      process.nextTick(emitClose, this);
      return;
    }

    if (cb) this.once('close', cb);

    if (this._state === CLOSING) return;
    this._state = CLOSING;

    const server = this._server;

    if (server) {
      this._removeListeners();
      this._removeListeners = this._server = null;
    }

    if (!this.options.noServer && !this.options.server) {
      server.close(() => emitClose(this));
    } else if (this.clients && this.clients.size) {
      this._shouldEmitClose = true;
    } else {
      process.nextTick(emitClose, this);
    }
  }

  /**
   * Says whether a request is for this server.
   *
   * @param {http.IncomingMessage} req The request
   * @return {Boolean} Whether its path is the one of the `path` option, if there is one
   * @public
   */
  shouldHandle(req) {
    if (!this.options.path) return true;

    const index = req.url.indexOf('?');
    const pathname = index !== -1 ? req.url.slice(0, index) : req.url;
    return pathname === this.options.path;
  }

  /**
   * Handles an upgrade request.
   *
   * @param {http.IncomingMessage} req The request
   * @param {Duplex} socket Its socket
   * @param {Buffer} head What was read behind the request
   * @param {Function} cb Called with the new `WebSocket` and the request
   * @throws {Error} If the socket was upgraded already
   * @public
   */
  handleUpgrade(req, socket, head, cb) {
    socket.on('error', socketOnError);

    const { headers } = req;
    const version = headers['sec-websocket-version'];
    let verdict;

    try {
      verdict = checkUpgrade(
        req.method,
        headers.upgrade,
        headers['sec-websocket-key'],
        // Requests that were made by hand (@fastify/websocket's `injectWS()`) have a number.
        version === undefined ? undefined : String(version)
      );
    } catch (error) {
      refuseBroken(error, socket);
      return;
    }

    // Somebody may have put a `status` into `Object.prototype`.
    if (Object.hasOwn(verdict, 'status')) {
      const { status, text, headerName, headerValue } = verdict;
      const more = headerName && { [headerName]: headerValue };
      rejectRequest(this, req, socket, status, text, more);
      return;
    }

    if (!this.shouldHandle(req)) {
      abortHandshake(socket, 400);
      return;
    }

    const offered = headers['sec-websocket-protocol'];
    let protocols = new Set();

    if (offered !== undefined) {
      try {
        protocols = subprotocol.parse(offered);
      } catch (error) {
        if (isInternalError(error)) return refuseBroken(error, socket);
        const text = 'Invalid Sec-WebSocket-Protocol header';
        rejectRequest(this, req, socket, 400, text);
        return;
      }
    }

    let extensions;

    try {
      extensions = this._acceptExtensions(headers['sec-websocket-extensions']);
    } catch (error) {
      if (isInternalError(error)) return refuseBroken(error, socket);
      const text = 'Invalid or unacceptable Sec-WebSocket-Extensions header';
      rejectRequest(this, req, socket, 400, text);
      return;
    }

    const place = this._limits.admit(req, socket);

    if (place === null) {
      refuseForNow(socket);
      return;
    }

    const accepted = { accept: verdict.accept, extensions, place, protocols };
    const answer = (verified, code, message, more) => {
      if (verified) {
        this._completeUpgrade(accepted, req, socket, head, cb);
      } else {
        place.cancel();
        abortHandshake(socket, code || 401, message, more);
      }
    };

    const onTimeout = () => {
      place.cancel();
      refuseForNow(socket);
    };

    verify(this.options, req, socket, verdict.version, answer, onTimeout);
  }

  /** Chooses of the extensions that a client offers; throws if it cannot. */
  _acceptExtensions(header) {
    const { maxPayload, perMessageDeflate } = this.options;
    const extensions = {};

    if (!perMessageDeflate || header === undefined) return extensions;

    const name = PerMessageDeflate.extensionName;
    const offers = extension.parse(header)[name];

    if (offers !== undefined) {
      extensions[name] = new PerMessageDeflate({
        ...perMessageDeflate,
        isServer: true,
        maxPayload
      });
      extensions[name].accept(offers);
    }

    return extensions;
  }

  /** Answers a request that was found acceptable, and takes its connection over. */
  _completeUpgrade(accepted, req, socket, head, cb) {
    const { accept, extensions, place, protocols } = accepted;

    // The client has sent FIN already.
    if (!socket.readable || !socket.writable) {
      place.cancel();
      return socket.destroy();
    }

    refuseUpgraded(socket, place);

    if (this._state > RUNNING || connectFault() !== null) {
      place.cancel();
      return abortHandshake(socket, 503);
    }

    const headers = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept}`
    ];

    const ws = new this.options.WebSocket(null, undefined, this.options);

    if (protocols.size) {
      const protocol = this.options.handleProtocols
        ? this.options.handleProtocols(protocols, req)
        : protocols.values().next().value;

      if (protocol) {
        headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
        ws._protocol = protocol;
      }
    }

    try {
      for (const [name, { params }] of Object.entries(extensions)) {
        const value = extension.format({ [name]: [params] });

        headers.push(`Sec-WebSocket-Extensions: ${value}`);
        ws._extensions = extensions;
      }
    } catch (error) {
      place.cancel();
      return refuseBroken(error, socket);
    }

    this.emit('headers', headers, req);

    // It, or `handleProtocols`, may have upgraded it.
    refuseUpgraded(socket, place);
    socket.removeListener('error', socketOnError);

    // Before listeners run, who may throw or end it.
    ws._place = place;

    try {
      ws.setSocket(socket, head, {
        allowSynchronousEvents: this.options.allowSynchronousEvents,
        maxBufferedChunks: this.options.maxBufferedChunks,
        maxFragments: this.options.maxFragments,
        maxPayload: this.options.maxPayload,
        response: headers.concat('\r\n').join('\r\n'),
        skipUTF8Validation: this.options.skipUTF8Validation,
        transport: this.options.transport
      });
    } catch (error) {
      if (isInternalError(error)) place.cancel();
      return refuseBroken(error, socket);
    }

    place.settle();

    if (this.clients) {
      this.clients.add(ws);
      ws._server = this;
    }

    cb(ws, req);
  }

  /** One of its connections has ended. */
  _forget(ws) {
    this.clients.delete(ws);

    if (this._shouldEmitClose && !this.clients.size) {
      process.nextTick(emitClose, this);
    }
  }
}

/** Throws if a socket was upgraded already. */
function refuseUpgraded(socket, place) {
  if (!socket[kConnection]) return;

  place.cancel();
  throw new Error(
    'server.handleUpgrade() was called more than once with the same ' +
      'socket, possibly due to a misconfiguration'
  );
}

/** Refuses a request because of a bug of ours; throws any other error. */
function refuseBroken(error, socket) {
  if (!isInternalError(error)) throw error;

  // The response may have been sent.
  if (socket[kConnection]) socket.destroy();
  else abortHandshake(socket, 500);
}

/** Answers what is not an upgrade request. */
function answerPlainRequest(req, res) {
  const body = require('http').STATUS_CODES[426];

  res.writeHead(426, {
    'Content-Length': body.length,
    'Content-Type': 'text/plain'
  });
  res.end(body);
}

/** Adds listeners, and returns a function that removes them. */
function addListeners(emitter, listeners) {
  for (const event of Object.keys(listeners)) {
    emitter.on(event, listeners[event]);
  }

  return () => {
    for (const event of Object.keys(listeners)) {
      emitter.removeListener(event, listeners[event]);
    }
  };
}

function emitClose(server) {
  server._state = CLOSED;
  server.emit('close');
}

module.exports = WebSocketServer;

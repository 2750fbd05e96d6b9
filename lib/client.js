'use strict';

const net = require('net');
const querystring = require('querystring');
const { URL } = require('url');

const { connectFault } = require('./connect');
const { checkRedirect, rememberOrigin } = require('./client-redirect');
const handshake = require('./client-handshake');
const { READY_STATES } = require('./constants');
const { isInternalError } = require('./internal-error');
const PerMessageDeflate = require('./permessage-deflate');

const [CONNECTING, , CLOSING] = READY_STATES.keys();

/** The handshake was given up; errors of its request are no news. */
const kAborted = Symbol('kAborted');

const PROTOCOL_VERSIONS = [8, 13];

const DEFAULTS = {
  allowSynchronousEvents: true,
  autoPong: true,
  closeTimeout: 30000,
  followRedirects: false,
  maxBufferedChunks: 256 * 1024,
  maxFragments: 16 * 1024,
  maxPayload: 100 * 1024 * 1024,
  maxPendingAutoPongs: 60,
  maxRedirects: 10,
  perMessageDeflate: true,
  protocolVersion: 13,
  skipUTF8Validation: false
};

/** What belongs to the request and comes from the address, whatever a user passed. */
const FROM_ADDRESS = {
  socketPath: undefined,
  hostname: undefined,
  protocol: undefined,
  protocols: undefined,
  timeout: undefined,
  method: 'GET',
  host: undefined,
  path: undefined,
  port: undefined
};

/** What a `WebSocket` knows while it dials, and of it afterwards. */
class Dialling {
  constructor() {
    this.url = '';
    this.req = null;
    this.redirects = 0;
    /** Where the first request went, for redirects. */
    this.origin = null;
  }
}

/**
 * Makes of what `new WebSocket()` was called with its subprotocols and options.
 *
 * @param {*} protocols The second argument
 * @param {*} options The third
 * @return {{protocols: String[], options: Object}} Both
 */
function readArguments(protocols, options) {
  if (Array.isArray(protocols)) return { protocols, options };
  if (protocols !== undefined && typeof protocols !== 'object') {
    return { protocols: [protocols], options };
  }
  if (protocols === null) return { protocols: [protocols], options };

  if (protocols !== undefined) options = protocols;
  const given = options?.protocols;

  if (given === undefined) return { protocols: [], options };
  return { protocols: Array.isArray(given) ? given : [given], options };
}

/**
 * Parses an address.
 *
 * @param {(String|URL)} address The address
 * @return {URL} Its URL, of which `http:` and `https:` have become `ws:` and `wss:`
 * @throws {SyntaxError} If it is none
 */
function parseAddress(address) {
  let url = address;

  if (!(address instanceof URL)) {
    try {
      url = new URL(address);
    } catch {
      throw new SyntaxError(`Invalid URL: ${address}`);
    }
  }

  if (url.protocol === 'http:' || url.protocol === 'https:') {
    url = new URL(url);
    url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
  }

  return url;
}

/** Says what is wrong with an address for a WebSocket, or null. */
function addressFault(url) {
  if (!['ws:', 'wss:', 'ws+unix:'].includes(url.protocol)) {
    return (
      'The URL\'s protocol must be one of "ws:", "wss:", ' +
      '"http:", "https:", or "ws+unix:"'
    );
  }
  if (url.protocol === 'ws+unix:' && !url.pathname) {
    return "The URL's pathname is empty";
  }
  if (url.hash) return 'The URL contains a fragment identifier';
  return null;
}

/**
 * Starts the opening handshake (RFC 6455 §4.1).
 *
 * @param {WebSocket} websocket Who dials; its `_dialling` is set here
 * @param {(String|URL)} address Where to
 * @param {String[]} protocols The subprotocols to offer
 * @param {Object} [options] What the user passed
 * @return {Object} The options with their defaults
 * @throws {SyntaxError} If the address or a subprotocol is invalid, the first time
 * @throws {RangeError} If the protocol version is not supported
 * @throws {(TypeError|RangeError)} If an option of `perMessageDeflate` cannot be honoured
 */
function dial(websocket, address, protocols, options) {
  const opts = { ...DEFAULTS, ...options, ...FROM_ADDRESS };
  const dialling = (websocket._dialling ??= new Dialling());

  if (!PROTOCOL_VERSIONS.includes(opts.protocolVersion)) {
    throw new RangeError(
      `Unsupported protocol version: ${opts.protocolVersion} ` +
        `(supported versions: ${PROTOCOL_VERSIONS.join(', ')})`
    );
  }

  const url = parseAddress(address);
  dialling.url = url.href;

  const fault = addressFault(url);

  if (fault !== null) {
    const error = new SyntaxError(fault);
    if (dialling.redirects === 0) throw error;
    websocket._emitErrorAndClose(error);
    return opts;
  }

  // Modules are loaded where they are needed: whoever dials nobody needs none of these, and
  // whoever dials only `ws:` needs no TLS.
  const key = require('crypto').randomBytes(16).toString('base64');
  const perMessageDeflate = opts.perMessageDeflate
    ? new PerMessageDeflate({
        ...opts.perMessageDeflate,
        isServer: false,
        maxPayload: opts.maxPayload
      })
    : null;

  direct(opts, url);

  try {
    opts.headers = {
      ...opts.headers,
      ...handshake.requestHeaders(opts, key, protocols, perMessageDeflate)
    };
  } catch (error) {
    if (dialling.redirects === 0 || !isInternalError(error)) throw error;
    websocket._emitErrorAndClose(error);
    return opts;
  }

  opts.timeout = opts.handshakeTimeout;

  const send =
    url.protocol === 'wss:'
      ? require('https').request
      : require('http').request;

  if (opts.followRedirects) {
    if (dialling.redirects === 0) {
      options = rememberOrigin(dialling, url, opts, options);
    } else if (websocket.listenerCount('redirect') === 0) {
      checkRedirect(dialling, url, opts);
    }

    // The first address's userinfo wins.
    if (opts.auth && !options.headers.authorization) {
      options.headers.authorization = `Basic ${Buffer.from(opts.auth).toString('base64')}`;
    }

    dialling.req = send(opts);
    if (dialling.redirects > 0) {
      websocket.emit('redirect', websocket.url, dialling.req);
    }
  } else {
    dialling.req = send(opts);
  }

  listen(websocket, dialling.req, {
    address,
    key,
    options,
    opts,
    perMessageDeflate,
    protocols
  });

  if (opts.finishRequest) opts.finishRequest(dialling.req, websocket);
  else dialling.req.end();

  return opts;
}

/** Sets where a request goes. */
function direct(opts, url) {
  const isSecure = url.protocol === 'wss:';
  const defaultPort = isSecure ? 443 : 80;

  opts.createConnection ||= isSecure ? tlsConnect : netConnect;
  opts.defaultPort ||= defaultPort;
  opts.port = url.port || defaultPort;
  opts.host = url.hostname.startsWith('[')
    ? url.hostname.slice(1, -1)
    : url.hostname;
  opts.path = url.pathname + url.search;

  if (url.username || url.password) {
    const username = querystring.unescape(url.username);
    const password = querystring.unescape(url.password);

    opts.auth = `${username}:${password}`;
  }

  if (url.protocol === 'ws+unix:') {
    // ws+unix:/path/to/socket:/path/of/request
    const i = opts.path.indexOf(':');

    opts.socketPath = i === -1 ? opts.path : opts.path.slice(0, i);
    opts.path = i === -1 ? '' : opts.path.slice(i + 1);
  }
}

/** Listens for what becomes of the request. */
function listen(websocket, req, request) {
  const { address, key, options, opts, perMessageDeflate, protocols } = request;
  const dialling = websocket._dialling;

  if (opts.timeout) {
    req.on('timeout', () => {
      abortHandshake(websocket, req, 'Opening handshake has timed out');
    });
  }

  req.on('error', (error) => {
    if (dialling.req !== req || req[kAborted]) return;

    dialling.req = null;
    websocket._emitErrorAndClose(error);
  });

  req.on('response', (res) => {
    const { headers, statusCode } = res;

    if (
      headers.location &&
      opts.followRedirects &&
      statusCode >= 300 &&
      statusCode < 400
    ) {
      if (++dialling.redirects > opts.maxRedirects) {
        abortHandshake(websocket, req, 'Maximum redirects exceeded');
        return;
      }

      req.abort();

      let next;

      try {
        next = new URL(headers.location, address);
      } catch {
        const error = new SyntaxError(`Invalid URL: ${headers.location}`);
        websocket._emitErrorAndClose(error);
        return;
      }

      dial(websocket, next, protocols, options);
    } else if (!websocket.emit('unexpected-response', req, res)) {
      abortHandshake(
        websocket,
        req,
        `Unexpected server response: ${res.statusCode}`
      );
    }
  });

  req.on('upgrade', (res, socket, head) => {
    websocket.emit('upgrade', res);

    // A listener may have closed it.
    if (websocket.readyState !== CONNECTING) return;

    dialling.req = null;

    const fault = handshake.responseFault(res.headers, key, protocols);

    if (fault !== null) {
      abortHandshake(websocket, socket, fault);
      return;
    }

    const protocol = res.headers['sec-websocket-protocol'];
    if (protocol) websocket._protocol = protocol;

    const accepted = res.headers['sec-websocket-extensions'];

    if (accepted !== undefined) {
      const fault = handshake.extensionsFault(accepted, perMessageDeflate);

      if (fault !== null) {
        abortHandshake(websocket, socket, fault);
        return;
      }

      websocket._extensions = {
        [PerMessageDeflate.extensionName]: perMessageDeflate
      };
    }

    const unusable = connectFault();

    if (unusable !== null) {
      abortHandshake(websocket, socket, unusable.message);
      return;
    }

    try {
      websocket.setSocket(socket, head, {
        allowSynchronousEvents: opts.allowSynchronousEvents,
        generateMask: opts.generateMask,
        maxBufferedChunks: opts.maxBufferedChunks,
        maxFragments: opts.maxFragments,
        maxPayload: opts.maxPayload,
        skipUTF8Validation: opts.skipUTF8Validation,
        transport: opts.transport
      });
    } catch (error) {
      if (!isInternalError(error)) throw error;
      abortHandshake(websocket, socket, error);
    }
  });
}

/**
 * Gives the handshake up: `'error'`, then `'close'`.
 *
 * @param {WebSocket} websocket Who dials
 * @param {(http.ClientRequest|Duplex)} stream The request, or the upgraded socket
 * @param {(String|Error)} fault The text of the error, or the error itself
 */
function abortHandshake(websocket, stream, fault) {
  websocket._readyState = CLOSING;

  let error = fault;

  if (typeof fault === 'string') {
    error = new Error(fault);
    Error.captureStackTrace(error, abortHandshake);
  }

  if (stream.setHeader) {
    stream[kAborted] = true;
    stream.abort();
    // A request that is complete leaves its socket alone.
    if (stream.socket && !stream.socket.destroyed) stream.socket.destroy();

    process.nextTick(() => websocket._emitErrorAndClose(error));
  } else {
    stream.destroy(error);
    stream.once('error', websocket.emit.bind(websocket, 'error'));
    stream.once('close', websocket.emitClose.bind(websocket));
  }
}

function netConnect(options) {
  options.path = options.socketPath;
  return net.connect(options);
}

function tlsConnect(options) {
  options.path = undefined;

  if (!options.servername && options.servername !== '') {
    options.servername = net.isIP(options.host) ? '' : options.host;
  }

  return require('tls').connect(options);
}

module.exports = { abortHandshake, dial, readArguments };

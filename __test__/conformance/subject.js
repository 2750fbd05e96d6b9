'use strict';

const { libraries } = require('../support/libraries');
const { KEY } = require('../support/raw-client');
const { acceptKey, header, RawServer } = require('../support/raw-server');
const { connect, serve } = require('../support/serve');
const { frame, head, hex } = require('./bytes');
const { Observer, PROBE } = require('./observer');
const { END, NEXT } = require('./vocabulary');

/** What is looked at, and the name under which its verdicts are written down. */
const SUBJECTS = { ws: 'ws', ferrows: 'ferrows', streams: 'ferrows' };

const REQUEST = [
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13'
];

/** Sends back what it receives. */
function echo(ws) {
  ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
}

/**
 * A library, and what it is seen to do: peers over bare TCP send what a case says.
 */
class Subject {
  /**
   * @param {String} name `'ws'`, `'ferrows'` or `'streams'`
   */
  constructor(name) {
    this.lib = libraries[name];
    this._servers = new Map();
    this._raw = null;
    this._ends = [];
  }

  /** Calls a function when the library is closed; by this it stands for a test. */
  after(end) {
    this._ends.push(end);
  }

  /** Ends all servers and connections. */
  close() {
    for (const end of this._ends) end();
  }

  /** What the library does in a case, in the words of `Observer`. */
  async observe(each) {
    if (each.run) return each.run(this);
    const seen =
      each.role === 'server'
        ? await this._observeServer(each)
        : await this._observeClient(each);
    return seen.join(', ');
  }

  /** A server with these options; cases with the same ones share it. */
  async server(options) {
    const key = JSON.stringify(options, (name, value) =>
      typeof value === 'function' ? String(value) : value
    );
    let server = this._servers.get(key);

    if (server === undefined) {
      server = await serve(this, this.lib, options);
      server.wss.on('connection', (ws) => {
        ws.on('error', () => {});
        server.app(ws);
      });
      this._servers.set(key, server);
    }
    return server;
  }

  /** A server over bare TCP. */
  async raw() {
    this._raw ??= await RawServer.start(this, {});
    return this._raw;
  }

  /** A client of the library, to that server or to another address. */
  async dial({ address, options, protocols = [] } = {}) {
    const { port } = await this.raw();
    const ws = new this.lib(address ?? `ws://127.0.0.1:${port}/`, protocols, {
      perMessageDeflate: false,
      ...options
    });

    ws.on('error', () => {});
    this.after(() => ws.terminate());
    return ws;
  }

  async _observeServer(each) {
    const server = await this.server(withDeflate(each));
    server.app = each.app ?? echo;

    const peer = await connect(this, server.port);
    const fields = each.deflate
      ? [...REQUEST, `Sec-WebSocket-Extensions: ${each.deflate}`]
      : REQUEST;
    peer.send(
      Buffer.concat([
        head('GET / HTTP/1.1', fields, each.request),
        ...(each.behind ?? []).map((text) => frame(text, true))
      ])
    );

    const response = await peer.readHead();
    const status = response.slice(9, 12);
    const seen = each.request ? [`HTTP ${status}`] : [];

    for (const name of each.shows ?? []) {
      const value = header(response, name);
      seen.push(value === undefined ? `no ${name}` : `${name}: ${value}`);
    }
    if (status === '101') seen.push(...(await exchange(peer, each)));
    else if (!each.request) seen.push(`HTTP ${status}`);
    peer.socket.destroy();
    return seen;
  }

  async _observeClient(each) {
    const raw = await this.raw();
    const ws = await this.dial({
      options: withDeflate(each),
      protocols: each.protocols
    });
    const app = each.app ?? echo;
    ws.on('open', () => app(ws));
    each.dialled?.(ws);

    const peer = await raw.request();
    // RFC 6455 §4.1: it has to wait for the response.
    const seen = peer.received.length === 0 ? [] : ['early'];
    const key = header(peer.request, 'Sec-WebSocket-Key');
    const fields = [
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${acceptKey(key)}`
    ];
    if (each.deflate) fields.push(`Sec-WebSocket-Extensions: ${each.deflate}`);
    const change =
      typeof each.response === 'function' ? each.response(key) : each.response;
    peer.socket.setNoDelay(true);
    peer.send(
      Buffer.concat([
        head('HTTP/1.1 101 Switching Protocols', fields, change),
        ...(each.behind ?? []).map((text) => frame(text, false))
      ])
    );

    seen.push(...(await exchange(peer, each)));
    peer.socket.destroy();
    return seen;
  }
}

/** The options of a case; if it is one of compressed messages, all messages are compressed. */
function withDeflate({ deflate, options }) {
  return deflate
    ? { perMessageDeflate: { threshold: 0 }, ...options }
    : options;
}

/** Sends what a case sends, and returns what came, in words. */
async function exchange(peer, { reads, role, sends = [] }) {
  const observer = new Observer(peer, role);
  const isMasked = role === 'server';
  const steps = Array.isArray(sends) ? sends : [hex(sends[role])];
  const seen = [];

  for (const step of steps) {
    if (step === NEXT) seen.push(await observer.next());
    else if (step === END) peer.socket.end();
    else if (Buffer.isBuffer(step)) peer.send(step);
    else if (typeof step === 'function') await step(peer, isMasked);
    else peer.send(frame(step, isMasked));
  }

  if (!steps.includes(END)) {
    const probe = Buffer.from(PROBE).toString('hex');
    peer.send(frame(`89 04 | ${probe}`, isMasked));
  }
  seen.push(...(await observer.rest()));
  return reads ? [reads(observer.frames, seen)] : seen;
}

module.exports = { REQUEST, Subject, SUBJECTS };

// A client written against @types/ws. It is compiled as such, and again with the
// types of Ferrows in the place of those of ws.

import * as fs from 'fs';
import * as http from 'http';
import * as https from 'https';
import * as net from 'net';
import { Duplex } from 'stream';
import { pipeline } from 'stream/promises';
import { URL } from 'url';
import WebSocket, { createWebSocketStream } from 'ws';

const options: WebSocket.ClientOptions = {
  agent: new https.Agent({ keepAlive: false }),
  allowSynchronousEvents: false,
  autoPong: false,
  ca: fs.readFileSync('ca.pem'),
  cert: 'certificate',
  checkServerIdentity: (name, certificate) => name !== '' && !!certificate,
  createConnection: net.createConnection,
  family: 4,
  finishRequest(request, websocket) {
    request.setHeader('X-State', websocket.readyState);
    request.end();
  },
  followRedirects: true,
  generateMask: (mask) => mask.fill(1),
  handshakeTimeout: 1000,
  headers: { authorization: 'Basic Zm9vOmJhcg==' },
  key: [Buffer.alloc(0)],
  localAddress: '127.0.0.1',
  maxBufferedChunks: 100,
  maxFragments: 100,
  maxPayload: 1024,
  maxRedirects: 5,
  origin: 'https://example.com',
  passphrase: 'secret',
  perMessageDeflate: {
    clientMaxWindowBits: 10,
    concurrencyLimit: 1,
    zlibInflateOptions: { chunkSize: 1024 }
  },
  protocolVersion: 13,
  rejectUnauthorized: false,
  skipUTF8Validation: true
};

new WebSocket('ws://localhost');
new WebSocket(new URL('wss://localhost/'));
new WebSocket('ws+unix:/tmp/socket:/path');
new WebSocket('ws://localhost', options);
new WebSocket('ws://localhost', undefined, options);
new WebSocket('ws://localhost', 'protocol');
new WebSocket('ws://localhost', ['one', 'two'], { perMessageDeflate: false });
new WebSocket('ws://localhost', [], { timeout: 1, lookup: undefined });
new WebSocket.WebSocket('ws://localhost', { auth: 'user:password', port: 1 });

const request: http.ClientRequestArgs = { headers: { cookie: ['a', 'b'] } };
const ws = new WebSocket('ws://localhost', request);

ws.on('upgrade', (response) => {
  const cookies: string[] | undefined = response.headers['set-cookie'];
  console.log(cookies);
});
ws.on('redirect', (url, request) => {
  if (!url.startsWith('wss:')) request.removeHeader('cookie');
});
ws.once('unexpected-response', function (request, response) {
  response.resume();
  request.destroy();
  console.error(this.url, response.statusCode);
});
ws.addListener('upgrade', (response: http.IncomingMessage) => response.headers);
ws.off('redirect', (url: string, request: http.ClientRequest) => {
  console.log(url, request.path);
});
ws.removeListener('unexpected-response', (_request, response) => response);
ws.on('open', function open() {
  this.send(new Blob(['text']), (error?: Error) => console.log(error));
  this.send(Date.now());
});

const duplex: Duplex = createWebSocketStream(ws, {
  decodeStrings: false,
  encoding: 'utf8',
  readableObjectMode: true
});

export const done = pipeline(duplex, fs.createWriteStream('file'));
export const raw = WebSocket.createWebSocketStream(ws);

/** A class of the program's own that dials. */
export class Feed extends WebSocket {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(address: string | URL, token: string) {
    super(address, { headers: { authorization: `Bearer ${token}` } });
    this.on('ping', () => this.heartbeat());
    this.on('close', () => clearTimeout(this.timer));
  }

  heartbeat(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.terminate(), 31_000);
  }
}

/** What a library does that lets its users bring a class. */
export function dial<T extends typeof WebSocket>(
  Class: T,
  ...args: ConstructorParameters<typeof WebSocket>
): WebSocket {
  return new Class(...args);
}

export const identity: WebSocket.CertMeta = ['certificate'];
export const finish: WebSocket.FinishRequestCallback = (request) =>
  request.end();

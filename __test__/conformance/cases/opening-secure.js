'use strict';

// RFC 6455 §4.1 item 5, §4.2.2 item 1 and §10.6: TLS.

const { once } = require('node:events');
const https = require('node:https');
const net = require('node:net');
const tls = require('node:tls');

const { SERVER: CERTIFICATE } = require('../../support/certificates');
const { RawClient } = require('../../support/raw-client');
const { RawServer } = require('../../support/raw-server');
const { listen } = require('../../support/serve');
const { head } = require('../bytes');
const { Observer } = require('../observer');
const { REQUEST } = require('../subject');
const { CLIENT, SERVER } = require('../vocabulary');

/** Dials `wss:` to a server over bare TCP; what comes first. */
async function firstBytes(subject) {
  const raw = await subject.raw();
  await subject.dial({ address: `wss://localhost:${raw.port}/` });
  const peer = await raw.accept();
  const bytes = await peer.read(6);
  peer.socket.destroy();
  // A record of the kind "handshake", with a ClientHello in it.
  return bytes[0] === 0x16 && bytes[5] === 0x01
    ? 'a TLS handshake'
    : bytes.toString('hex');
}

/** Has a client dial a server over TLS; what the server learns of it. */
async function overTls(subject, options, look) {
  const server = tls.createServer(CERTIFICATE);
  const port = await listen(subject, server);
  const arrived = new Promise((resolve) => {
    server.on('secureConnection', (socket) => {
      subject.after(() => socket.destroy());
      socket.on('error', () => {});
      socket.once('data', (data) => resolve(look(data.toString(), socket)));
    });
  });
  const ws = await subject.dial({
    address: `wss://localhost:${port}/`,
    options: { lookup: loopback, ...options }
  });
  const failed = new Promise((resolve) => {
    ws.on('close', (code) => resolve(`close ${code}`));
  });

  const seen = await Promise.race([arrived, failed]);
  ws.terminate();
  return seen;
}

/** Every name is that of this machine. */
function loopback(name, options, callback) {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
}

/** A client over TLS: the frames that it sends. */
async function masksOverTls(subject) {
  const raw = await RawServer.start(subject, { secure: CERTIFICATE });
  const ws = await subject.dial({
    address: `wss://localhost:${raw.port}/`,
    options: { lookup: loopback, ...TRUSTING }
  });
  ws.on('open', () => {
    ws.send('a');
    ws.close(1000);
  });
  const observer = new Observer(await raw.upgrade(), CLIENT[0]);
  const seen = `${await observer.next()}, ${await observer.next()}`;
  ws.terminate();
  return seen;
}

const TRUSTING = { ca: CERTIFICATE.cert };

/** A server of the library over TLS; what a client over TLS gets. */
async function serverOverTls(subject) {
  const server = https.createServer(CERTIFICATE);
  const wss = new subject.lib.WebSocketServer({ server });
  wss.on('connection', (ws) => ws.send('a'));
  const port = await listen(subject, server);
  subject.after(() => wss.close());

  const socket = tls.connect({ ca: CERTIFICATE.cert, port, host: 'localhost' });
  subject.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  const peer = new RawClient(socket);
  peer.send(head('GET / HTTP/1.1', REQUEST));
  const response = await peer.readHead();
  const frame = await peer.read(3);
  return `${response.slice(0, 12)}, ${frame.toString('hex')}`;
}

/** A server of the library over TLS; what a client without TLS gets. */
async function serverWithoutTls(subject) {
  const server = https.createServer(CERTIFICATE);
  const wss = new subject.lib.WebSocketServer({ server });
  const port = await listen(subject, server);
  subject.after(() => wss.close());

  const socket = net.connect(port, '127.0.0.1');
  subject.after(() => socket.destroy());
  await once(socket, 'connect');
  const peer = new RawClient(socket);
  peer.send(head('GET / HTTP/1.1', REQUEST));
  const answer = await peer.readToEnd();
  return answer.includes('101') ? 'HTTP 101' : 'end';
}

module.exports = [
  {
    at: '4.1',
    roles: CLIENT,
    requires: 'wss: begins with a TLS handshake',
    run: firstBytes,
    sees: 'a TLS handshake'
  },
  {
    at: '4.1',
    roles: CLIENT,
    requires:
      'a certificate that cannot be verified fails the connection, before the request',
    run: (subject) => overTls(subject, {}, () => 'a request'),
    sees: 'close 1006'
  },
  {
    at: '4.1',
    roles: CLIENT,
    requires:
      'a certificate of another host fails the connection, before the request',
    run: (subject) =>
      overTls(
        subject,
        { ...TRUSTING, servername: 'elsewhere.test' },
        () => 'a request'
      ),
    sees: 'close 1006'
  },
  {
    at: '4.1',
    roles: CLIENT,
    requires: 'the request goes through the encrypted tunnel',
    run: (subject) =>
      overTls(subject, TRUSTING, (request) => request.slice(0, 14)),
    sees: 'GET / HTTP/1.1'
  },
  {
    at: '4.1',
    roles: CLIENT,
    requires: 'the TLS handshake names the server (SNI)',
    run: (subject) =>
      overTls(subject, TRUSTING, (request, socket) => socket.servername),
    sees: 'localhost'
  },
  {
    at: '5.1',
    roles: CLIENT,
    requires: 'all frames that are sent are masked, over TLS as well',
    run: masksOverTls,
    sees: 'text 61, close 1000'
  },
  {
    at: '4.2.2',
    roles: SERVER,
    requires:
      'on a port with TLS the response and the data go through the tunnel',
    run: serverOverTls,
    sees: 'HTTP/1.1 101, 810161'
  },
  {
    at: '4.2.2',
    roles: SERVER,
    requires:
      'on a port with TLS a request without it is not answered with 101',
    run: serverWithoutTls,
    sees: 'end'
  },
  {
    at: '10.6',
    roles: CLIENT,
    requires: 'a client can connect over TLS',
    run: (subject) => overTls(subject, TRUSTING, () => 'it can'),
    sees: 'it can'
  },
  {
    at: '10.6',
    roles: SERVER,
    requires: 'a server can be reached over TLS',
    run: serverOverTls,
    sees: 'HTTP/1.1 101, 810161'
  }
];

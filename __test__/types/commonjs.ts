// The types as a CommonJS program sees them, beyond what ws's types have.

import WebSocket = require('ferrows');

const { WebSocketServer } = WebSocket;

const wss: WebSocket.WebSocketServer = new WebSocketServer({
  port: 0,
  closeTimeout: 1000,
  handshakeTimeout: 5000,
  maxConnections: 1000,
  maxConnectionsPerIp: 10,
  maxPendingAutoPongs: 10,
  transport: 'stream'
});

wss.on('connection', (ws) => {
  ws.binaryType = 'blob';
  ws.ping(() => {});
  ws.pong('data', (error) => error.message);

  // @ts-expect-error There is no such type.
  ws.binaryType = 'text';
  // @ts-expect-error
  ws.send();
  // @ts-expect-error
  ws.close('1000');
  // @ts-expect-error
  ws.readyState = WebSocket.OPEN;
});

const client = new WebSocket('wss://localhost', {
  closeTimeout: 1000,
  lookup: (_host, _options, callback) => callback(null, '127.0.0.1', 4),
  maxPendingAutoPongs: 10,
  protocols: ['one', 'two'],
  servername: 'localhost',
  transport: 'stream'
});

client.on('redirect', (url, request) => [url.length, request.path]);
client.on('unexpected-response', (_request, { statusCode }) => statusCode);
client.send(new Blob(['text']), { binary: false });

// @ts-expect-error
new WebSocket();
// @ts-expect-error
new WebSocket('ws://localhost', { protocolVersion: '13' });
// @ts-expect-error There is no such transport.
new WebSocketServer({ noServer: true, transport: 'socket' });
// @ts-expect-error
new WebSocketServer({ port: '8080' });
// @ts-expect-error
new WebSocketServer({ prot: 8080 });
// @ts-expect-error A limit of clients is none that there is.
new WebSocket('ws://localhost', { maxConnections: 1 });

const frame: Array<string | Buffer> = WebSocket.Sender.frame('text', {
  fin: true,
  opcode: 1
});
const offers: Array<string | true> | undefined =
  WebSocket.extension.parse('a; b=1')['a']?.[0]?.['b'];
const names: Set<string> = WebSocket.subprotocol.parse('a, b');

const stream = WebSocket.createWebSocketStream(client, { encoding: 'utf8' });
const receiver = new WebSocket.Receiver({ isServer: true, maxPayload: 1024 });
const sender = new WebSocket.Sender(stream, {}, (mask) => mask.fill(0));

receiver.on('conclude', (code, reason) => [code.toFixed(), reason.length]);
receiver.on('message', (data, isBinary) =>
  sender.send(data, { binary: isBinary })
);
receiver.on('ping', (data) => sender.pong(data, false));
receiver.end(Buffer.from('818000000000', 'hex'));
sender.sendFrame(frame, (error) => error?.message);
sender.close(1000, 'reason', false);

const deflate = new WebSocket.PerMessageDeflate({
  isServer: true,
  maxPayload: 1024,
  releaseAfter: 1000
});
const bits: number | true | undefined = deflate.accept([
  { server_max_window_bits: ['9'], client_no_context_takeover: [true] }
]).server_max_window_bits;

deflate.compress('text', true, (error, data) => [error?.message, data?.length]);
deflate.decompress(Buffer.from([0]), true, () => deflate.cleanup());
new WebSocket.Receiver({
  extensions: { [WebSocket.PerMessageDeflate.extensionName]: deflate }
});

export const header: string = WebSocket.extension.format({
  'permessage-deflate': [{ server_max_window_bits: 10, flag: true }]
});
export { bits, frame, names, offers };

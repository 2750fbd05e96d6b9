// The types as a CommonJS program sees them, beyond what ws's types have.

import WebSocket = require('ferrows');

const { WebSocketServer } = WebSocket;

const wss: WebSocket.WebSocketServer = new WebSocketServer({
  port: 0,
  closeTimeout: 1000,
  maxPendingAutoPongs: 10
});

wss.on('connection', (ws) => {
  ws.binaryType = 'blob';
  ws.ping(() => {});
  ws.pong('data', (error) => error.message);

  // @ts-expect-error There is no such type.
  ws.binaryType = 'text';
  // @ts-expect-error Blobs cannot be sent yet.
  ws.send(new Blob([]));
  // @ts-expect-error
  ws.send();
  // @ts-expect-error
  ws.close('1000');
  // @ts-expect-error
  ws.readyState = WebSocket.OPEN;
});

// @ts-expect-error There is no client yet.
new WebSocket('ws://localhost');
// @ts-expect-error
new WebSocketServer({ port: '8080' });
// @ts-expect-error
new WebSocketServer({ prot: 8080 });

const frame: Array<string | Buffer> = WebSocket.Sender.frame('text', {
  fin: true,
  opcode: 1
});
const offers: Array<string | true> | undefined =
  WebSocket.extension.parse('a; b=1')['a']?.[0]?.['b'];
const names: Set<string> = WebSocket.subprotocol.parse('a, b');

export const header: string = WebSocket.extension.format({
  'permessage-deflate': [{ server_max_window_bits: 10, flag: true }]
});
export { frame, names, offers };

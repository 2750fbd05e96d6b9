// What programs written against @types/ws do with a connection.

import WebSocket, { type RawData, type Data } from 'ws';

export function use(ws: WebSocket, other: WebSocket): void {
  ws.on('open', () => {});
  ws.on('message', (data, isBinary) => {
    const text: string = isBinary ? '' : data.toString();
    console.log(text);
  });
  ws.on('message', (data: RawData) => console.log(lengthOf(data)));
  ws.on('message', function incoming(data) {
    this.send(data);
  });
  ws.once('close', (code: number, reason: Buffer) => {
    console.log(code.toFixed(), reason.toString());
  });
  ws.on('error', (error: Error) => console.error(error.message));
  ws.on('error', console.error);
  ws.on('ping', (data) => data.readUInt8(0));
  ws.on('pong', function () {
    this.terminate();
  });
  ws.on('something else', (...args) => console.log(args.length));
  ws.removeListener('open', () => {}).addListener('message', () => {});

  ws.send('text');
  ws.send(5);
  ws.send(Buffer.alloc(1), { binary: true, fin: false });
  ws.send(new Uint8Array(1), { compress: false, mask: false }, (error) => {
    if (error) console.error(error.message);
  });
  ws.send(new ArrayBuffer(1), () => {});
  ws.send(new DataView(new ArrayBuffer(1)), (error?: Error) => error);
  ws.send([1, 2, 3]);

  ws.ping();
  ws.ping('data', false, (error) => error);
  ws.pong(Buffer.alloc(1), true);
  ws.close();
  ws.close(1000);
  ws.close(1000, 'reason');
  ws.close(4000, Buffer.alloc(1));
  ws.terminate();

  ws.pause();
  if (ws.isPaused) ws.resume();

  ws.binaryType = 'arraybuffer';
  if (ws.readyState !== WebSocket.OPEN) return;
  if (other.readyState === other.CLOSED) return;
  console.log(ws.bufferedAmount.toFixed(), ws.protocol, ws.extensions, ws.url);

  ws.onopen = (event) => event.target.send(event.type);
  ws.onmessage = ({ data }: WebSocket.MessageEvent) => dataOf(data);
  ws.onclose = ({ code, reason, wasClean }) => [code, reason, wasClean];
  ws.onerror = ({ error, message }) => [error, message];
  ws.onmessage = null;

  ws.addEventListener('message', (event) => dataOf(event.data));
  ws.addEventListener('close', ({ wasClean }) => wasClean, { once: true });
  ws.addEventListener('error', { handleEvent: (event) => event.message });
  ws.removeEventListener('message', () => {});
}

function lengthOf(data: RawData): number {
  if (Array.isArray(data)) return Buffer.concat(data).length;
  if (data instanceof ArrayBuffer) return data.byteLength;
  return data.length;
}

function dataOf(data: Data): string {
  return typeof data === 'string' ? data : data.toString();
}

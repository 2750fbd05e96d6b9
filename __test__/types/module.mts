// The types as an ES module sees them.

import Default, {
  createWebSocketStream,
  extension,
  PerMessageDeflate,
  Receiver,
  Sender,
  subprotocol,
  WebSocket,
  WebSocketServer,
  type ClientOptions,
  type PerMessageDeflateParameters,
  type RawData,
  type Server,
  type ServerOptions,
  type Transport
} from 'ferrows';

const options: ServerOptions = { noServer: true };
const transport: Transport = 'auto';
const clientOptions: ClientOptions = { transport };
const server: Server = new WebSocketServer(options);
const same: typeof Default = WebSocket;

export class Tagged extends WebSocket {
  tag = 1;
}

const tagged = new WebSocketServer({ noServer: true, WebSocket: Tagged });

tagged.on('connection', (ws) => ws.tag.toFixed());

export function echo(ws: WebSocket): void {
  ws.on('message', (data: RawData) => ws.send(data));
  if (ws.readyState === Default.OPEN) ws.close();
}

export const stream = createWebSocketStream(
  new WebSocket('ws://localhost', clientOptions)
);
export const offer: PerMessageDeflateParameters =
  new PerMessageDeflate().offer();
export const receiver: Receiver = new Receiver();
export const list = Sender.frame(Buffer.alloc(0), { opcode: 9 });
export const parsed = [extension.parse(''), subprotocol.parse('')];
export const wss: WebSocketServer = server;
export { same };

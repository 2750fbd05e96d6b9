// The same as an ES module: what it imports, and that its names are types too.

import Default, {
  createWebSocketStream,
  WebSocket,
  WebSocketServer,
  type AddressInfo,
  type CertMeta,
  type ClientOptions,
  type CloseEvent,
  type Data,
  type ErrorEvent,
  type Event,
  type EventListenerOptions,
  type FinishRequestCallback,
  type MessageEvent,
  type PerMessageDeflateOptions,
  type RawData,
  type Server,
  type ServerOptions,
  type VerifyClientCallbackAsync,
  type VerifyClientCallbackSync
} from 'ws';

const server: Server = new WebSocketServer({ port: 0 });
const client: WebSocket = new WebSocket('ws://localhost', { origin: 'a' });
const same: typeof Default = WebSocket;

client.on('message', (data: RawData) => client.send(data));
client.onmessage = ({ data }: MessageEvent) => console.log(data.toString());
createWebSocketStream(client, { encoding: 'utf8' }).pipe(process.stdout);
server.on('connection', (ws) => ws.ping());

export class Peer extends Default {
  constructor(address: string, options?: ClientOptions) {
    super(address, [], options);
  }
}

export interface Everything {
  address: AddressInfo;
  certificate: CertMeta;
  close: CloseEvent;
  compression: PerMessageDeflateOptions;
  data: Data;
  error: ErrorEvent;
  event: Event;
  finish: FinishRequestCallback;
  listener: EventListenerOptions;
  options: ServerOptions;
  server: WebSocketServer;
  verify: VerifyClientCallbackAsync | VerifyClientCallbackSync;
}

export { same };

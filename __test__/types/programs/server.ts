// A program written against @types/ws. It is compiled as such, and again with
// the types of Ferrows in the place of those of ws.

import * as http from 'http';
import * as https from 'https';
import { Duplex } from 'stream';
import WebSocket = require('ws');
import { Server, WebSocketServer } from 'ws';

class User extends WebSocket {
  userName = 'nobody';
}

class UserRequest extends http.IncomingMessage {
  user = 'nobody';
}

const httpServer = http.createServer();
const options: WebSocket.ServerOptions = {
  host: 'localhost',
  port: 0,
  backlog: 511,
  path: '/path',
  clientTracking: true,
  allowSynchronousEvents: true,
  autoPong: true,
  maxPayload: 1024,
  maxBufferedChunks: 1024,
  maxFragments: 128,
  skipUTF8Validation: false,
  perMessageDeflate: { threshold: 1024, zlibDeflateOptions: { level: 1 } }
};

const wss = new WebSocketServer(options, () => console.log('listening'));
new Server({ server: httpServer, perMessageDeflate: false });
new WebSocket.Server({ server: https.createServer(), path: undefined });

wss.on('connection', (ws, req) => {
  const address: string | undefined = req.socket.remoteAddress;
  ws.send(`Welcome, ${address}`);
});
wss.on('connection', function (ws: WebSocket, req: http.IncomingMessage) {
  for (const client of this.clients) {
    if (client !== ws && client.readyState === WebSocket.OPEN) {
      client.send(req.url ?? '');
    }
  }
});
wss.once('listening', () => {
  const address = wss.address();
  if (address !== null && typeof address !== 'string') {
    console.log(address.address, address.family, address.port.toFixed());
  }
});
wss.on('headers', (headers, req) => {
  headers.push(`X-Path: ${req.url}`);
});
wss.on('wsClientError', (error, socket, req) => {
  socket.end(`HTTP/1.1 400 Bad Request\r\n\r\n${error.message}`);
  console.error(req.method);
});
wss.on('error', (error) => console.error(error.message));
wss.addListener('close', () => {});
wss.off('something else', () => {});
wss.emit('connection', new User(null), new http.IncomingMessage(null as any));
wss.close((error?: Error) => console.log(error));

const users = new WebSocketServer<typeof User, typeof UserRequest>({
  noServer: true,
  WebSocket: User,
  verifyClient: (info: { origin: string; secure: boolean; req: UserRequest }) =>
    info.secure && info.origin === '' && info.req.user !== 'nobody',
  handleProtocols: (protocols, request) =>
    protocols.has(request.user) ? request.user : false
});

users.on('connection', (user, request) => {
  user.userName = request.user;
});

for (const user of users.clients) user.send(user.userName);

httpServer.on('upgrade', (request, socket: Duplex, head) => {
  const req = request as UserRequest;

  if (!users.shouldHandle(req)) {
    socket.destroy();
    return;
  }

  users.handleUpgrade(req, socket, head, (user) => {
    users.emit('connection', user, req);
  });
});

const verifyClient: WebSocket.VerifyClientCallbackAsync = (info, callback) => {
  if (info.req.headers.authorization === undefined) {
    callback(false, 401, 'Unauthorized', { 'WWW-Authenticate': 'Basic' });
  } else {
    callback(true);
  }
};
const verifyClientSync: WebSocket.VerifyClientCallbackSync = ({ req }) =>
  req.headers.authorization !== undefined;

new WebSocketServer({ noServer: true, verifyClient });
new WebSocketServer({ noServer: true, verifyClient: verifyClientSync });

/** A class of the program's own that has a server. */
export class Chat {
  readonly server: WebSocket.Server = new WebSocket.Server({ noServer: true });
  readonly sockets = new Map<string, WebSocket>();
  readonly other: WebSocket.WebSocket[] = [];

  broadcast(data: WebSocket.RawData, isBinary: boolean): void {
    this.server.clients.forEach((client) => {
      client.send(data, { binary: isBinary });
    });
  }
}

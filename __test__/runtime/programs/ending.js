'use strict';

// A process that is to end by itself: LIBRARY HOW. It prints its port first, if it listens.

const http = require('node:http');

const [, , library, how] = process.argv;
const { WebSocketServer } = require(library);

const announce = (server) => console.log(JSON.stringify(server.address().port));

switch (how) {
  case 'loaded only':
    break;
  case 'no server':
    new WebSocketServer({ noServer: true });
    break;
  case 'closed before a client came': {
    const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () =>
      wss.close()
    );
    break;
  }
  case 'closed while a client is there':
  case 'closed after the clients':
  case 'terminated':
  case 'unreferenced': {
    const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () =>
      announce(wss)
    );
    let left = 3;

    wss.on('connection', (ws) => {
      ws.on('message', (data) => {
        ws.send(data, { binary: false });
        if (how === 'closed while a client is there') wss.close();
        if (how === 'terminated') {
          for (const client of wss.clients) client.terminate();
          wss.close();
        }
        if (how === 'unreferenced') {
          for (const client of wss.clients) client._socket.unref();
          wss.close();
          wss._server?.closeAllConnections();
        }
      });
      ws.on('close', () => {
        if (--left === 0) wss.close();
      });
    });
    break;
  }
  case 'foreign server': {
    const server = http.createServer();
    const wss = new WebSocketServer({ server });

    wss.on('connection', (ws) => {
      ws.on('message', (data) => {
        ws.send(data, { binary: false });
        wss.close();
        server.close();
      });
    });
    server.listen(0, '127.0.0.1', () => announce(server));
    break;
  }
  case 'after resets': {
    const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () =>
      announce(wss)
    );
    let left = 3;

    wss.on('connection', (ws) => {
      ws.on('message', (data) => {
        ws.send(data, { binary: false });
        // Writes to a connection that the peer has reset raise SIGPIPE unless somebody minds.
        const timer = setInterval(() => {
          ws.send('into the void');
          ws.send(Buffer.alloc(20_000));
        }, 1);
        ws.on('close', () => {
          clearInterval(timer);
          ws.send('after the end');
          if (--left === 0) wss.close();
        });
      });
    });
  }
}

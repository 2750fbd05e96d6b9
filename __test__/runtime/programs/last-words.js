'use strict';

// A server whose process or connection ends right after `send()`: LIBRARY HOW. It prints its port.

const { execSync } = require('node:child_process');

const [, , library, how] = process.argv;
const { WebSocketServer } = require(library);

const ENDINGS = {
  'process.exit()': (ws) => {
    ws.send('last');
    process.exit(7);
  },
  'process.exit() in a timer': (ws) => {
    setTimeout(() => {
      ws.send('last');
      process.exit(7);
    }, 1);
  },
  'process.exit() in a promise': async (ws) => {
    await null;
    ws.send('last');
    process.exit(7);
  },
  'process.exit() after many sends': (ws) => {
    for (let i = 0; i < 500; i++) ws.send(`message ${i}`);
    ws.send(Buffer.alloc(20_000, 0x61));
    ws.send('last');
    process.exit(7);
  },
  throw: (ws) => {
    ws.send('last');
    throw new Error('thrown');
  },
  'throw in a timer': (ws) => {
    setTimeout(() => {
      ws.send('last');
      throw new Error('thrown');
    }, 1);
  },
  'unhandled rejection': async (ws) => {
    ws.send('last');
    throw new Error('thrown');
  },
  "'exit' listener that sends": (ws) => {
    process.on('exit', () => {
      ws.send('one');
      ws.send('two');
      ws.ping();
    });
    ws.send('last');
    process.exit(7);
  },
  "throw, and an 'exit' listener that sends": (ws) => {
    process.on('exit', () => ws.send('from exit'));
    throw new Error('thrown');
  },
  'terminate()': (ws) => {
    ws.send('last');
    ws.terminate();
  },
  'terminate() in a timer': (ws) => {
    setTimeout(() => {
      ws.send('last');
      ws.terminate();
    }, 1);
  },
  '_socket.destroy()': (ws) => {
    ws.send('last');
    ws._socket.destroy();
  },
  '_socket.destroy() in a timer': (ws) => {
    setTimeout(() => {
      ws.send('last');
      ws._socket.destroy();
    }, 1);
  },
  '_socket.end()': (ws) => {
    ws.send('last');
    ws._socket.end();
  },
  'execSync()': (ws) => {
    ws.send('last');
    execSync('true');
    ws.close(4000, 'done');
  },
  'execSync() in a timer': (ws) => {
    setTimeout(() => {
      ws.send('last');
      execSync('true');
      ws.close(4000, 'done');
    }, 1);
  }
};

const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => {
  console.log(JSON.stringify(wss.address().port));
});

wss.on('connection', (ws) => {
  wss.close();
  ws.on('message', () => ENDINGS[how](ws));
});

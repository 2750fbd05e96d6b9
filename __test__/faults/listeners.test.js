'use strict';

// Listeners that do to other connections and to the server what they should not. Those that throw are in
// runtime/throwing and streams/throwing.

const assert = require('node:assert');
const http = require('node:http');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { RawClient } = require('../support/raw-client');
const { listen, open } = require('../support/serve');
const { turns } = require('../support/session');
const { ROLES } = require('./support');

const COUNT = 20;

/** Opens connections, each with the log of its events. */
async function several(scenario, role) {
  const connections = [];

  for (let i = 0; i < COUNT; i++) {
    const events = [];
    const { closed, peer, ws } = await ROLES[role].session(scenario, {
      onConnection(ws) {
        ws.on('message', (data) => events.push(`message ${data}`));
        ws.on('error', (error) => events.push(error.code));
        ws.on('close', (code) => events.push(`close ${code}`));
      }
    });
    connections.push({ closed, events, peer, ws });
  }
  return connections;
}

/** What was done to connections and when: in the listener of the first event. */
const DEEDS = {
  'terminates all others': (ws, others) =>
    others.forEach((other) => other.terminate()),
  'terminates all, itself too': (ws, others) =>
    [...others, ws].forEach((other) => other.terminate()),
  'closes all others, and terminates itself': (ws, others) => {
    others.forEach((other) => other.close(4000, 'bye'));
    ws.terminate();
  },
  'destroys the sockets of all others': (ws, others) =>
    others.forEach((other) => other._socket.destroy())
};

const NORMAL = Buffer.from('03e8', 'hex');
const FRAMES = { close: 0x88, message: 0x81, ping: 0x89, pong: 0x8a };

for (const role of ['server', 'client']) {
  const { make } = ROLES[role];

  suite(`A listener of a ${role}`, () => {
    for (const [event, first] of Object.entries(FRAMES)) {
      for (const [what, does] of Object.entries(DEEDS)) {
        contract(
          `of '${event}' ${what}: each is told of its own end, once`,
          async (scenario) => {
            const connections = await several(scenario, role);
            const sockets = connections.map(({ ws }) => ws);
            let isFirst = true;

            for (const { ws } of connections) {
              ws.on(event, () => {
                if (!isFirst) return;
                isFirst = false;
                does(
                  ws,
                  sockets.filter((other) => other !== ws)
                );
              });
            }
            // The others have sent as well when it happens, and nothing of that is heard any more.
            const bytes = make(first, first === 0x88 ? NORMAL : 'x');
            connections[0].peer.send(bytes);
            for (const { peer } of connections.slice(1)) {
              peer.send(make(0x81, 'unheard'));
            }
            await turns(3);
            for (const { peer } of connections) peer.socket.end();
            await Promise.all(connections.map(({ closed }) => closed));
            await turns();

            const ends = connections.map(({ events }) =>
              events.filter((entry) => !entry.startsWith('message'))
            );
            for (const events of ends) {
              assert.strictEqual(events.length, 1, `${events}`);
              assert.match(events[0], /^close /);
            }
            for (const { events, ws } of connections) {
              scenario.log(ws.readyState, ws.bufferedAmount, events);
            }
          }
        );
      }
    }

    contract(
      "of 'close' sends on its own connection and on others: the one fails, the others get it",
      async (scenario) => {
        const { log } = scenario;
        const connections = await several(scenario, role);
        const [first, ...others] = connections;

        first.ws.on('close', () => {
          for (const method of ['send', 'ping', 'pong']) {
            first.ws[method]('late', undefined, (error) => log(method, error));
          }
          first.ws.close();
          first.ws.terminate();
          for (const { ws } of others) ws.send('gone');
        });
        first.peer.reset();
        await first.closed;
        for (const { peer } of others) {
          const [, second] = await peer.read(2);
          const masked = second & 0x80 ? 4 : 0;
          log(second & 0x7f);
          await peer.read(4 + masked);
        }
        await turns();
        log(first.ws.readyState, first.ws.bufferedAmount, first.events);
      },
      (log) => assert.strictEqual(log.length, 3 + COUNT - 1 + 1)
    );

    contract(
      "of 'close' terminates the next connection, and so on to the last",
      async (scenario) => {
        const connections = await several(scenario, role);

        connections.forEach(({ ws }, i) =>
          ws.on('close', () => connections[i + 1]?.ws.terminate())
        );
        connections[0].peer.reset();
        await Promise.all(connections.map(({ closed }) => closed));
        for (const { events } of connections) scenario.log(events);
      },
      (log) => {
        for (const [events] of log)
          assert.deepStrictEqual(events, ['close 1006']);
      }
    );
  });
}

/** How a server is closed in a listener: by each of its two halves, and with all of its connections. */
const CLOSINGS = {
  'the WebSocketServer': ({ wss }) => wss.close(),
  'the http server': ({ server }) => server.close(),
  'both, and terminates all connections': ({ server, wss }) => {
    wss.close();
    server.close();
    for (const ws of wss.clients) ws.terminate();
  }
};

suite('A listener of a server', () => {
  const { make } = ROLES.server;

  for (const [event, first] of Object.entries(FRAMES)) {
    for (const [what, does] of Object.entries(CLOSINGS)) {
      const endsAll = what.startsWith('both');

      contract(
        `of '${event}' closes ${what}: ${endsAll ? 'the connections end' : 'the connections go on'}, and 'close' comes once, that of the WebSocketServer after the last of them`,
        async ({ lib, log, t }) => {
          // It answers upgrades where there is no WebSocketServer any more.
          const server = http.createServer((req, res) =>
            res.writeHead(404).end()
          );
          const wss = new lib.WebSocketServer({ server });
          const port = await listen(t, server);
          const connections = [];
          const ends = { heard: 0, server: 0, websocket: 0, wss: 0 };
          const order = [];
          let isFirst = true;

          wss.on('connection', (ws) => {
            const closed = new Promise((resolve) => ws.on('close', resolve));
            connections.push({ closed, ws });
            ws.on('message', () => ends.heard++);
            ws.on('close', () => order.push(++ends.websocket));
            ws.on(event, () => {
              if (isFirst) does({ server, wss });
              isFirst = false;
            });
          });
          wss.on('close', () => order.push(`wss ${++ends.wss}`));
          server.on('close', () => ends.server++);
          const peers = [];
          for (let i = 0; i < COUNT; i++) peers.push(await open(t, port));
          while (connections.length < COUNT) await turns(1);

          // The others have sent as well when it happens.
          peers[0].send(make(first, first === 0x88 ? NORMAL : 'x'));
          for (const peer of peers.slice(1)) peer.send(make(0x81, 'heard?'));
          while (isFirst) await turns(1);
          if (!endsAll) {
            while (ends.heard < COUNT - 1) await turns(1);
            for (const { ws } of connections.slice(1)) ws.send('on');
            for (const peer of peers.slice(1)) {
              const { payload } = await peer.readFrame();
              assert.strictEqual(payload.toString(), 'on');
            }
          }
          log(server.listening, ends.heard);
          log(await visit(port));

          for (const { socket } of peers) socket.end();
          await Promise.all(connections.map(({ closed }) => closed));
          await turns();
          log(wss.clients.size, ends, order);
        },
        (log) => {
          const [[, heard], , [size, ends, order]] = log;
          assert.strictEqual(size, 0);
          assert.strictEqual(ends.websocket, COUNT);
          // What was sent before a closing handshake is heard before its end.
          if (endsAll && event !== 'close') assert.ok(heard <= 1);
          const isHttp = what.endsWith('http server');
          assert.strictEqual(ends.server, isHttp || endsAll ? 1 : 0);
          assert.deepStrictEqual(order.slice(COUNT), isHttp ? [] : ['wss 1']);
        }
      );
    }
  }
});

/** What becomes of a new request: the status of its response, or the error. */
async function visit(port) {
  try {
    const client = await RawClient.open(port);
    client.socket.destroy();
    return client.response.slice(0, 12);
  } catch (error) {
    return error.code;
  }
}

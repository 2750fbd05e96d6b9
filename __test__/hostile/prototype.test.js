'use strict';

// What an attack found: other code of the program lets somebody write to `Object.prototype`.

const assert = require('node:assert');

const { Child } = require('../support/child');
const { contract } = require('../support/contract');

for (const property of ['status', 'response']) {
  contract(
    `Object.prototype.${property} changes no handshake (bug: requests were refused, or bytes written)`,
    async ({ name, log, t }) => {
      const body = ({ lib, say }) => {
        Object.defineProperty(Object.prototype, 'PROPERTY', {
          configurable: true,
          value: '400',
          writable: true
        });
        const wss = new lib.WebSocketServer({ host: '127.0.0.1', port: 0 });

        wss.on('connection', (ws) => {
          ws.on('error', (error) => say(error.message));
          ws.on('message', (data) => {
            say(String(data));
            ws.terminate();
            wss.close();
          });
        });
        wss.on('listening', () => {
          const ws = new lib(`ws://127.0.0.1:${wss.address().port}`);
          ws.on('open', () => ws.send('x'));
          ws.on('error', (error) => say(error.message));
        });
      };
      const source = String(body).replace('PROPERTY', property);
      const child = new Child(t, name, { toString: () => source });

      log(await child.next());
    },
    (log) => assert.deepStrictEqual(log, [['x']])
  );
}

'use strict';

// A client under test, on any library with the interface of ws:
//
//   node --expose-gc node.js --lib <ws|ferrows|path> --scenario receive --port <port>
//
// The first line on stdout says that it is connected; see servers/control.js for
// what follows.

const { parseArgs } = require('node:util');
const { control } = require('../servers/control');
const { load } = require('../servers/library');

const scenarios = {
  /**
   * Counts text messages. A binary one asks for their number and for the last of
   * them, which is enough to know all: until the first question each is compared
   * with the one before.
   */
  receive(ws) {
    let received = 0;
    let last = null;
    let isWarm = false;
    ws.on('message', (data, isBinary) => {
      if (isBinary) {
        isWarm = true;
        ws.send(`${received} ${last}`);
        return;
      }
      if (!isWarm && last !== null && !data.equals(last)) {
        throw new Error(`message ${received + 1} differs from the one before`);
      }
      received += 1;
      last = data;
    });
  }
};

function main() {
  const { values } = parseArgs({
    options: {
      lib: { type: 'string' },
      scenario: { type: 'string' },
      port: { type: 'string' }
    }
  });
  const { library, version } = load(values.lib);
  const ws = new library.WebSocket(`ws://127.0.0.1:${values.port}`);
  scenarios[values.scenario](ws);
  ws.on('open', () => control({ version }));
}

main();

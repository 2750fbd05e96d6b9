'use strict';

const assert = require('node:assert');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { turns } = require('../support/session');
const { memorySession } = require('./support');

suite(
  'Raw use of the stream, through a reference that was taken before',
  () => {
    contract('write() is in order with the frames', async ({ lib, log, t }) => {
      const { near, received, ws } = await memorySession({ lib, t });
      ws.send('1');
      near.write('raw;');
      ws.send('2');
      await turns();
      log(received());
    });

    for (const how of ['end', 'destroy']) {
      contract(
        `${how}() loses nothing that was sent before`,
        async ({ lib, log, t }) => {
          const { near, received, ws } = await memorySession({ lib, t });
          ws.send('last words');
          near[how]();
          await turns();
          log(received());
        },
        (log) =>
          assert.deepStrictEqual(log, [['Buffer 810a6c61737420776f726473']])
      );
    }
  }
);

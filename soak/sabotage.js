'use strict';

// What the server can do wrong, to see that it is found. Each is given how to send, and returns
// how to send instead. What happens once in so many messages happens several times in a minute.

const fs = require('node:fs');

const SELDOM = 1000;

function everyNth(act) {
  let count = 0;
  return (send) => (data, options) => {
    if (++count % SELDOM === 0) act(send, data, options);
    else send(data, options);
  };
}

const kept = [];

const sabotages = {
  lose: everyNth(() => {}),
  double: everyNth((send, data, options) => {
    send(data, options);
    send(data, options);
  }),
  damage: everyNth((send, data, options) => {
    const other = Buffer.from(data);
    other[other.length - 1] ^= 1;
    send(other, options);
  }),
  late: everyNth((send, data, options) => {
    setTimeout(() => send(data, options), 500);
  }),
  overwrite: everyNth((send, data, options) => {
    send(data, options);
    setTimeout(() => data.fill(0), 500);
  }),
  memory: (send) => (data, options) => {
    kept.push(Buffer.alloc(4096, 1));
    send(data, options);
  },
  descriptors: everyNth((send, data, options) => {
    fs.openSync(__filename);
    send(data, options);
  }),
  handles: everyNth((send, data, options) => {
    setInterval(() => {}, 60_000);
    send(data, options);
  })
};

module.exports = { sabotages };

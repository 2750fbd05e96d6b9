'use strict';

// An echo server: LIBRARY. It prints its port. At the line `fill` it opens files until it may open no more; at `count` it
// prints how often its loop turns while nothing happens; at `empty` it closes the files. It says when it has.

const fs = require('node:fs');
const { performance } = require('node:perf_hooks');
const { createInterface } = require('node:readline');

const { WebSocketServer } = require(process.argv[2]);

const say = (value) => console.log(JSON.stringify(value));
const files = [];

const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () =>
  say(wss.address().port)
);
wss.on('connection', (ws) => ws.on('message', (data) => ws.send(data)));

const DEEDS = {
  fill() {
    try {
      for (;;) files.push(fs.openSync('/dev/null'));
    } catch (error) {
      say(error.code);
    }
  },
  count() {
    const turns = () => performance.nodeTiming.uvMetricsInfo.loopCount;
    const before = turns();
    setTimeout(() => say(turns() - before), 300);
  },
  empty() {
    for (const file of files.splice(0)) fs.closeSync(file);
    say('empty');
  }
};

createInterface({ input: process.stdin })
  .on('line', (line) => DEEDS[line]())
  .on('close', () => process.exit());

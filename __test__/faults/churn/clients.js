'use strict';

// The clients of the churn: LIBRARY PORT COUNT AT_ONCE. It prints what they have seen; and for each line that
// it reads what they have seen so far.

const { createInterface } = require('node:readline');

const { LibraryVisit } = require('./library-visit');
const { RawVisit } = require('./raw-visit');
const { isOfLibrary } = require('./token');

const [, , library, ...numbers] = process.argv;
const [port, count, atOnce] = numbers.map(Number);
const WebSocket = require(library);

const seen = {
  bytes: 0,
  foreign: [],
  frames: 0,
  ofLibrary: 0,
  unexplained: [],
  visits: 0
};

async function visitor() {
  while (seen.visits < count) {
    const number = seen.visits++;
    const visit = isOfLibrary(number)
      ? new LibraryVisit(number, seen, WebSocket)
      : new RawVisit(number, seen);

    if (isOfLibrary(number)) seen.ofLibrary++;
    await visit.run(port);
  }
}

createInterface({ input: process.stdin }).on('line', () => {
  console.log(JSON.stringify(seen));
});
Promise.all(Array.from({ length: atOnce }, visitor)).then(() => {
  process.stdin.destroy();
  console.log(JSON.stringify({ ...seen, done: true }));
});

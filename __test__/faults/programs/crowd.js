'use strict';

// Opens many connections and keeps them: PORT COUNT. It says so, and does not read what they bring.

const { RawClient } = require('../../support/raw-client');

const [port, count] = process.argv.slice(2).map(Number);
const clients = [];
let begun = 0;

async function opener() {
  while (begun++ < count) {
    const client = await RawClient.open(port);
    client.socket.pause();
    clients.push(client);
  }
}

Promise.all(Array.from({ length: 100 }, opener)).then(() =>
  console.log(JSON.stringify('open'))
);

'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const net = require('node:net');
const os = require('node:os');

const { contract } = require('../support/contract');
const { serve } = require('../support/serve');

/** A link-local address of this machine with its interface, such as `fe80::1%eth0`, if it has one. */
function linkLocal() {
  for (const [name, addresses] of Object.entries(os.networkInterfaces())) {
    for (const { address, scopeid } of addresses) {
      if (scopeid) return `${address}%${name}`;
    }
  }
  return undefined;
}

const host = linkLocal();

if (host !== undefined) {
  contract(
    'a link-local address says on which interface (bug: who read it first after the upgrade missed that)',
    async ({ lib, log, t }) => {
      const { wss, port } = await serve(t, lib, { host });
      const connected = once(wss, 'connection');
      const client = new lib('ws://[::1]', {
        createConnection: () => net.connect({ host, port })
      });
      const [[ws]] = await Promise.all([connected, once(client, 'open')]);

      for (const { _socket: socket } of [ws, client]) {
        log(socket.remoteAddress, socket.localAddress, socket.remoteFamily);
        log(Object.keys(socket.address()).sort());
      }
      client.terminate();
    },
    (log) => assert.deepStrictEqual(log[0], [host, host, 'IPv6'])
  );
}

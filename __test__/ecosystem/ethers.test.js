'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { describe, it } = require('node:test');

const { WebSocketProvider } = require('ethers');

const { assertUsesFerrows, queue, watch, WebSocket } = require('./support');

describe('ethers', () => {
  it('asks a node, and is told of new blocks', async (t) => {
    assertUsesFerrows('ethers');

    const { clients } = watch(t);
    const wss = new WebSocket.Server({ host: '127.0.0.1', port: 0 });
    t.after(() => wss.close());
    await once(wss, 'listening');

    const subscribed = queue();
    let block = 0x10;

    /** A node of Ethereum, as far as it is asked here. */
    const methods = {
      eth_blockNumber: () => `0x${block.toString(16)}`,
      eth_chainId: () => '0x7a69',
      eth_getBalance: ([address]) => `0x${address.slice(-2)}`,
      eth_subscribe: ([what]) => {
        subscribed.push(what);
        return '0x1';
      },
      eth_unsubscribe: () => true
    };

    wss.on('connection', (ws) => {
      ws.on('message', (data) => {
        const { id, method, params } = JSON.parse(data);
        const result = methods[method](params);
        ws.send(JSON.stringify({ jsonrpc: '2.0', id, result }));
      });
    });

    const provider = new WebSocketProvider(
      `ws://127.0.0.1:${wss.address().port}`
    );
    assert.equal((await provider.getNetwork()).chainId, 31337n);

    const addresses = Array.from({ length: 50 }, (_, i) => {
      return `0x${(i + 1).toString(16).padStart(40, '0')}`;
    });
    const balances = await Promise.all(
      addresses.map((address) => provider.getBalance(address))
    );
    assert.deepEqual(
      balances,
      addresses.map((_, i) => BigInt(i + 1))
    );

    const blocks = queue();
    provider.on('block', (number) => blocks.push(number));
    assert.equal(await subscribed.next(), 'newHeads');

    for (const number of [0x11, 0x12]) {
      block = number;
      const result = { number: `0x${number.toString(16)}` };
      const params = { subscription: '0x1', result };
      for (const ws of wss.clients) {
        ws.send(JSON.stringify({ method: 'eth_subscription', params }));
      }
      assert.equal(await blocks.next(), number);
    }

    assert.deepEqual([provider.websocket], clients);
    await provider.destroy();
  });
});

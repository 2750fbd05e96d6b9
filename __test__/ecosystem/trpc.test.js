'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { describe, it } = require('node:test');

const { createTRPCClient, createWSClient, wsLink } = require('@trpc/client');
const { initTRPC, TRPCError } = require('@trpc/server');
const { applyWSSHandler } = require('@trpc/server/adapters/ws');

const { queue, watch, WebSocket } = require('./support');

const trpc = initTRPC.create();

/** Takes the input as it is. */
const any = (value) => value;

describe('@trpc/server, its adapter of ws, with @trpc/client', () => {
  /** A server and a client; both end with the test. */
  async function start(t) {
    const added = queue();
    const ended = queue();
    const router = trpc.router({
      add: trpc.procedure.input(any).mutation(({ input }) => {
        added.push(input);
        return input.length;
      }),
      fail: trpc.procedure.query(() => {
        throw new TRPCError({ code: 'FORBIDDEN', message: 'not you' });
      }),
      hello: trpc.procedure.input(any).query(({ input }) => `hello ${input}`),
      items: trpc.procedure.subscription(async function* ({ signal }) {
        signal.addEventListener('abort', () => ended.push('ended'));
        for (;;) yield await added.next();
      })
    });

    const wss = new WebSocket.Server({ host: '127.0.0.1', port: 0 });
    const handler = applyWSSHandler({ router, wss });
    await once(wss, 'listening');

    const wsClient = createWSClient({
      retryDelayMs: () => 10,
      url: `ws://127.0.0.1:${wss.address().port}`,
      WebSocket
    });
    t.after(async () => {
      await wsClient.close();
      for (const ws of wss.clients) ws.terminate();
      wss.close();
    });

    const client = createTRPCClient({ links: [wsLink({ client: wsClient })] });
    return { client, ended, handler };
  }

  it('answers queries and mutations, and streams a subscription', async (t) => {
    const opened = watch(t);
    const { client, ended } = await start(t);

    const greetings = await Promise.all(
      Array.from({ length: 100 }, (_, i) => client.hello.query(`${i}`))
    );
    assert.deepEqual(
      greetings,
      greetings.map((_, i) => `hello ${i}`)
    );
    await assert.rejects(client.fail.query(), /not you/);

    const items = queue();
    const started = queue();
    const subscription = client.items.subscribe(undefined, {
      onData: (item) => items.push(item),
      onStarted: () => started.push('started')
    });
    await started.next();

    for (const text of ['one', 'two', 'x'.repeat(200_000)]) {
      assert.equal(await client.add.mutate(text), text.length);
      assert.equal(await items.next(), text);
    }

    subscription.unsubscribe();
    assert.equal(await ended.next(), 'ended');
    assert.equal(opened.clients.length, 1);
    assert.equal(opened.servers.length, 1);
  });

  it('reconnects when the server asks for it', async (t) => {
    const opened = watch(t);
    const { client, handler } = await start(t);

    assert.equal(await client.hello.query('before'), 'hello before');
    const closed = once(opened.clients[0], 'close');
    handler.broadcastReconnectNotification();
    await closed;

    assert.equal(await client.hello.query('after'), 'hello after');
    assert.equal(opened.clients.length, 2);
  });
});

'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const { describe, it } = require('node:test');

const { WebSocketManager, WebSocketShardEvents } = require('@discordjs/ws');

const { assertUsesFerrows, queue, watch, WebSocket } = require('./support');

/** Operations of Discord's gateway. */
const [DISPATCH, HEARTBEAT, IDENTIFY, , , , RESUME] = [0, 1, 2, 3, 4, 5, 6];
const [HELLO, ACK] = [10, 11];

/** A gateway: greets, and hands over what it gets; it ends with the test. */
async function startGateway(t) {
  const wss = new WebSocket.Server({ host: '127.0.0.1', port: 0 });
  t.after(() => wss.close());
  await once(wss, 'listening');

  const received = queue();
  const url = `ws://127.0.0.1:${wss.address().port}`;

  wss.on('connection', (ws) => {
    const say = (op, d, more) => ws.send(JSON.stringify({ op, d, ...more }));

    ws.on('message', (data) => {
      const { op, d } = JSON.parse(data);

      if (op === HEARTBEAT) say(ACK, null);
      else received.push({ op, d, say, ws });

      if (op === IDENTIFY) {
        const ready = { resume_gateway_url: url, session_id: 'abc' };
        say(DISPATCH, ready, { s: 1, t: 'READY' });
      } else if (op === RESUME) {
        say(DISPATCH, {}, { s: d.seq + 1, t: 'RESUMED' });
      }
    });
    say(HELLO, { heartbeat_interval: 50 });
  });

  return { received, url };
}

describe('@discordjs/ws', () => {
  it('identifies, is told of events, keeps its heartbeat, and resumes', async (t) => {
    assertUsesFerrows('@discordjs/ws');

    const opened = watch(t);
    const { received, url } = await startGateway(t);
    const manager = new WebSocketManager({
      intents: 0,
      // Of Discord's HTTP interface it asks only for the gateway.
      rest: {
        get: async () => ({
          session_start_limit: {
            max_concurrency: 1,
            remaining: 10,
            reset_after: 1000,
            total: 10
          },
          shards: 1,
          url
        })
      },
      token: 'token'
    });
    t.after(() => manager.destroy());

    const ready = once(manager, WebSocketShardEvents.Ready);
    await manager.connect();
    await ready;

    const { d, op, say, ws } = await received.next();
    assert.equal(op, IDENTIFY);
    assert.equal(d.token, 'token');

    const dispatched = queue();
    manager.on(WebSocketShardEvents.Dispatch, (payload) => {
      dispatched.push(payload);
    });
    say(DISPATCH, { content: 'hi' }, { s: 2, t: 'MESSAGE_CREATE' });
    assert.deepEqual((await dispatched.next()).d, { content: 'hi' });

    await once(manager, WebSocketShardEvents.HeartbeatComplete);

    const resumed = once(manager, WebSocketShardEvents.Resumed);
    ws.close(4000, 'try again');
    await resumed;

    const second = await received.next();
    assert.equal(second.op, RESUME);
    assert.equal(second.d.seq, 2);
    assert.equal(second.d.session_id, 'abc');
    assert.equal(opened.clients.length, 2);
  });
});

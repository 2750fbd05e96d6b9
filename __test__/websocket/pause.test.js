'use strict';

const assert = require('node:assert');
const { suite } = require('node:test');

const { contract } = require('../support/contract');
const { frame } = require('../support/raw-client');
const { record, roundTrip, session, turns } = require('../support/session');

const MIB = 1024 * 1024;

suite('pause() and resume() (WS-CONTRACT 18)', () => {
  contract(
    'isPaused changes at once, as often as one calls them',
    async ({ lib, log, t }) => {
      const { ws } = await session({ lib, t });
      log(ws.isPaused);
      ws.pause();
      log(ws.isPaused);
      ws.pause();
      log(ws.isPaused);
      ws.resume();
      log(ws.isPaused);
      ws.resume();
      log(ws.isPaused);
    }
  );

  contract(
    'nothing is read in between, and nothing is lost',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      ws.on('message', (data) => log(data));
      client.send(frame(0x81, 'before'));
      await roundTrip(client);

      ws.pause();
      client.send(frame(0x81, 'while paused'));
      client.send(frame(0x89, 'ping'));
      await turns(50);
      log('resume', client.received.length);
      ws.resume();
      log('resumed');
      log(await client.readFrame());
      client.send(frame(0x81, 'after'));
      await roundTrip(client);
    },
    (log) =>
      assert.deepStrictEqual(log.slice(0, 4), [
        ['Buffer 6265666f7265'],
        ['resume', 0],
        ['resumed'],
        ['Buffer 7768696c6520706175736564']
      ])
  );

  contract(
    'TCP holds a peer up that sends to a paused connection',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      let bytes = 0;
      ws.on('message', ({ length }) => (bytes += length));
      ws.pause();
      const one = frame(0x82, Buffer.alloc(MIB));
      for (let i = 0; i < 20; i++) client.send(one);
      await turns(50);
      log(bytes, client.socket.writableLength > 0);
      ws.resume();
      await roundTrip(client);
      log(bytes, client.socket.writableLength);
    },
    (log) =>
      assert.deepStrictEqual(log, [
        [0, true],
        [20 * MIB, 0]
      ])
  );

  contract('sending goes on while it is paused', async ({ lib, log, t }) => {
    const { client, ws } = await session({ lib, t });
    ws.pause();
    ws.send('paused', () => log('sent'));
    ws.ping('ping');
    log(await client.readFrame(), await client.readFrame());
  });

  contract(
    'pause() within a "message" listener: what was read already is still emitted',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      ws.on('message', (data) => {
        log(data.toString(), ws.isPaused);
        if (data.toString() !== '3') ws.pause();
      });
      client.send(Buffer.concat([frame(0x81, '1'), frame(0x81, '2')]));
      await turns(30);
      client.send(frame(0x81, '3'));
      await turns(30);
      log('resume');
      ws.resume();
      await roundTrip(client);
    },
    (log) => assert.strictEqual(log.length, 4)
  );

  contract(
    'a close frame read before pause() took effect is answered, and "close" follows',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session(
        { lib, t },
        { server: { closeTimeout: 60_000 } }
      );
      ws.on('message', () => ws.pause());
      ws.on('close', (code) => log('close', code, ws.isPaused));
      client.send(
        Buffer.concat([frame(0x81), frame(0x88, Buffer.from('03e8', 'hex'))])
      );
      log(await client.readToEnd());
      await closed;
    }
  );

  contract(
    'a protocol error read before pause() took effect ends the connection all the same',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session(
        { lib, t },
        { server: { closeTimeout: 60_000 } }
      );
      ws.on('message', () => ws.pause());
      ws.on('error', (error) => log(error));
      ws.on('close', (code) => log('close', code, ws.isPaused));
      client.send(Buffer.concat([frame(0x81), Buffer.from('8100', 'hex')]));
      log(await client.readToEnd());
      await closed;
    }
  );

  contract(
    'terminate() closes a paused connection',
    async ({ lib, log, t }) => {
      const { closed, ws } = await session({ lib, t });
      ws.on('close', (code) => log('close', code, ws.isPaused));
      ws.pause();
      ws.terminate();
      await closed;
    }
  );

  contract(
    'close() of a paused connection waits for its resume(), or ends by closeTimeout',
    async ({ lib, log, t }) => {
      for (const resume of [false, true]) {
        const { client, closed, ws } = await session(
          { lib, t },
          { server: { closeTimeout: resume ? 60_000 : 30 } }
        );
        ws.on('close', (code) => log('close', code));
        ws.pause();
        ws.close(1000);
        log((await client.readFrame()).payload);
        if (resume) client.send(frame(0x88, Buffer.from('03e8', 'hex')));
        await turns(10);
        log(ws.readyState);
        if (resume) ws.resume();
        await closed;
      }
    },
    (log) => {
      assert.deepStrictEqual(log[2], ['close', 1006]);
      assert.deepStrictEqual(log[5], ['close', 1000]);
    }
  );

  contract(
    'a FIN is seen after resume(), behind the messages before it',
    async ({ lib, log, t }) => {
      const { client, closed, ws } = await session({ lib, t });
      record(ws, log);
      ws.pause();
      client.send(frame(0x81, 'last'));
      client.socket.end();
      await turns(50);
      log('resume', ws.readyState);
      ws.resume();
      await closed;
    },
    (log) =>
      assert.deepStrictEqual(log, [
        ['resume', 1],
        ['message', 'Buffer 6c617374', false],
        ['close', 1006, 'Buffer ', 3]
      ])
  );

  contract(
    'a reset closes a paused connection, too',
    async ({ lib, log, t }) => {
      const { client, ws } = await session({ lib, t });
      record(ws, log);
      ws.pause();
      client.reset();
      // Waits in vain rather than for ever where the reset goes unseen.
      for (let i = 0; i < 2000 && ws.readyState !== ws.CLOSED; i++) {
        await turns(1);
      }
      log(ws.readyState);
    },
    (log) => assert.deepStrictEqual(log, [['close', 1006, 'Buffer ', 3], [3]])
  );
});

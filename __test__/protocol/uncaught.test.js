'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { text } = require('node:stream/consumers');
const { suite, test } = require('node:test');

const { contract } = require('../support/contract');
const { files } = require('../support/libraries');

const SUPPORT = path.join(__dirname, '../support');

/** Runs in a process of its own: an exception nobody catches would end the test. */
const PRELUDE = `
const { frame, RawClient } = require(${JSON.stringify(path.join(SUPPORT, 'raw-client'))});
const { roundTrip } = require(${JSON.stringify(path.join(SUPPORT, 'session'))});
const wss = new (require(process.argv[1]).WebSocketServer)({ port: 0 });
const open = () => RawClient.open(wss.address().port);
const caught = ({ name, message, code }) => console.log('uncaught', name, message, code);
`;

/** Runs a program and logs what it printed, line by line, and its exit code. */
async function run({ name, log, t }, program) {
  const args = ['-e', PRELUDE + program, files[name]];
  const child = spawn(process.execPath, args);
  t.after(() => child.kill());
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close')
  ]);

  for (const line of stdout.trim().split('\n')) log(line);
  log('exit', code, /WS_ERR_\w+/.exec(stderr)?.[0]);
}

suite('An "error" that nobody listens for (WS-CONTRACT 20)', () => {
  contract(
    'ends the process',
    (scenario) =>
      run(
        scenario,
        `
        wss.on('listening', async () => (await open()).send('8100'));
        `
      ),
    (log) =>
      assert.deepStrictEqual(log.at(-1), ['exit', 1, 'WS_ERR_EXPECTED_MASK'])
  );

  contract(
    'is an uncaughtException; the connection closes, another one goes on',
    (scenario) =>
      run(
        scenario,
        `
        process.on('uncaughtException', caught);
        wss.on('connection', (ws) => {
          ws.on('close', (code) => console.log('close', code));
          ws.on('message', (data) => console.log('message', String(data)));
        });
        wss.on('listening', async () => {
          const [one, other] = [await open(), await open()];
          one.send(Buffer.concat([frame(0x81, 'before'), Buffer.from('8100', 'hex')]));
          console.log((await one.readToEnd()).toString('hex'));
          other.send(frame(0x81, 'other'));
          await roundTrip(other);
          await other.close();
          wss.close();
        });
        `
      ),
    (log) => {
      assert.deepStrictEqual(log.at(-1), ['exit', 0, undefined]);
      assert.strictEqual(
        log.filter(([line]) => line.startsWith?.('uncaught')).length,
        1
      );
    }
  );

  contract(
    'is none with a listener of any kind',
    (scenario) =>
      run(
        scenario,
        `
        let count = 0;
        process.on('uncaughtException', caught);
        wss.on('connection', (ws) => {
          const listener = () => console.log('error');
          if (count === 0) ws.on('error', listener);
          if (count === 1) ws.onerror = listener;
          if (count === 2) ws.addEventListener('error', listener);
          if (count === 3) ws.once('error', listener);
          count++;
        });
        wss.on('listening', async () => {
          for (let i = 0; i < 4; i++) {
            const client = await open();
            client.send('8100');
            await client.readToEnd();
          }
          wss.close();
        });
        `
      ),
    (log) =>
      assert.deepStrictEqual(log, [
        ...Array(4).fill(['error']),
        ['exit', 0, undefined]
      ])
  );
});

suite('A listener that throws (WS-CONTRACT 20)', () => {
  const program = (event) => `
    process.on('uncaughtException', caught);
    wss.on('connection', (ws) => {
      ws.on('error', (error) => console.log('error', error.code));
      ws.on('close', (code) => console.log('close', code));
      ws.on('${event}', () => { throw new TypeError('from the listener'); });
    });
    wss.on('listening', async () => {
      const client = await open();
      client.send(frame(0x81, 'message'));
      client.send(frame(0x8a, 'pong'));
      await roundTrip(client);
      client.send(Buffer.from('8100', 'hex'));
      console.log((await client.readToEnd()).toString('hex'));
      wss.close();
    });
  `;
  const title = (event) =>
    `for "${event}" is an uncaughtException, and the connection ends as it would`;
  const check = (log) => {
    assert.ok(log.some(([line]) => line.startsWith?.('uncaught TypeError')));
    assert.ok(log.some(([line]) => line === 'close 1006'));
    assert.deepStrictEqual(log.at(-1), ['exit', 0, undefined]);
  };

  for (const event of ['error', 'close']) {
    contract(title(event), (scenario) => run(scenario, program(event)), check);
  }

  // ws reads nothing more from a connection whose listener has thrown.
  for (const event of ['message', 'ping', 'pong']) {
    test(`${title(event)} (Ferrows only)`, async (t) => {
      const entries = [];
      const log = (...values) => entries.push(values);
      await run({ log, name: 'ferrows', t }, program(event));
      check(entries);
    });
  }

  contract(
    'a callback of send() that throws: the callbacks behind it are called',
    (scenario) =>
      run(
        scenario,
        `
        process.on('uncaughtException', caught);
        wss.on('connection', (ws) => {
          ws.send('a', () => { throw new TypeError('one'); });
          ws.send('b', () => console.log('second'));
          ws.send('c', () => { throw new TypeError('three'); });
          ws.ping('d', false, () => console.log('fourth'));
        });
        wss.on('listening', async () => {
          const client = await open();
          console.log((await client.read(12)).toString('hex'));
          await roundTrip(client);
          await client.close();
          wss.close();
        });
        `
      ),
    (log) => assert.ok(log.some(([line]) => line === 'fourth'))
  );
});

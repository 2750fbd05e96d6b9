'use strict';

const assert = require('node:assert');

const { contract } = require('../support/contract');
const { turns } = require('../support/session');

/** A socket that logs what it is to write. */
function makeSocket(log) {
  return {
    destroyed: false,
    cork() {},
    uncork() {},
    write(data, cb) {
      log('write', data);
      if (cb) process.nextTick(cb);
    }
  };
}

/** A `Blob` whose bytes come when the test says so. */
class SlowBlob extends Blob {
  constructor(text) {
    super([text]);
    this._bytes = new Promise((resolve, reject) => {
      this.fail = reject;
      this.finish = () => super.arrayBuffer().then(resolve);
    });
  }

  arrayBuffer() {
    return this._bytes;
  }
}

contract(
  'frames wait behind a Blob that is read, and leave in their order',
  async ({ lib, log }) => {
    const sender = new lib.Sender(makeSocket(log));
    const [first, second] = [new SlowBlob('first'), new SlowBlob('second')];
    const called = (name) => (err) => log(name, err, sender._bufferedBytes);

    sender.send(first, { binary: true, fin: false }, called('first'));
    log(sender._bufferedBytes);
    sender.send('text', { fin: true }, called('text'));
    sender.ping(second, false, called('second'));
    sender.pong('\u20ac', false, called('pong'));
    sender.close(1000, 'done', false, called('close'));
    log(sender._bufferedBytes);
    second.finish();
    await turns();
    log('first comes');
    first.finish();
    await turns();
    log(sender._bufferedBytes);
    sender.send('at once', { fin: true });
  },
  (log) => {
    assert.deepStrictEqual(log[0], [5]);
    assert.deepStrictEqual(log[1], [5 + 4 + 6 + 3 + 6]);
    assert.deepStrictEqual(log[2], ['first comes']);
    assert.deepStrictEqual(log[3], ['write', 'Buffer 0205']);
  }
);

contract('Blobs of every size are sent masked', async ({ lib, log }) => {
  const sender = new lib.Sender(makeSocket(log), {}, (k) => k.fill(7));

  for (const size of [0, 1, 125, 126, 65_536]) {
    sender.send(new Blob(['a'.repeat(size)]), {
      binary: true,
      fin: true,
      mask: true
    });
  }
  sender.ping(new Blob(['ping']), true);
  await new Promise((resolve) =>
    sender.pong(new Blob(['pong']), true, resolve)
  );
  log(sender._bufferedBytes);
});

contract(
  'a File is sent as a Blob is',
  async ({ lib, log }) => {
    const { File } = require('node:buffer');
    const sender = new lib.Sender(makeSocket(log));

    await new Promise((resolve) => {
      sender.send(new File(['file'], 'name'), { fin: true }, resolve);
    });
  },
  (log) => assert.deepStrictEqual(log[1], ['write', 'Buffer 66696c65'])
);

contract(
  'a Blob that cannot be read fails all that wait, and onerror is called',
  async ({ lib, log }) => {
    const sender = new lib.Sender(makeSocket(log));
    const blob = new SlowBlob('blob');
    const called = (name) => (err) => log(name, err);

    sender.onerror = (...args) => log('onerror', ...args);
    sender.send(blob, { fin: true }, called('blob'));
    sender.send('text', { fin: true }, called('text'));
    sender.ping('ping', false);
    sender.close(1000, 'done', false, called('close'));
    blob.fail(new Error('unreadable'));
    await turns();
    log(sender._bufferedBytes);
    // Nothing is sent any more.
    sender.send('late', { fin: true }, called('late'));
    await turns();
  },
  (log) => {
    assert.deepStrictEqual(
      log.map(([name]) => name),
      ['blob', 'text', 'close', 'onerror', 24 - 6]
    );
  }
);

contract('onerror does nothing by default', async ({ lib, log }) => {
  const sender = new lib.Sender(makeSocket(log));
  const blob = new SlowBlob('blob');

  sender.send(blob, { fin: true }, (err) => log(err));
  blob.fail(new Error('unreadable'));
  await turns();
  log(sender.onerror());
});

contract(
  'a socket that is destroyed while a Blob is read fails all that wait',
  async ({ lib, log }) => {
    const socket = makeSocket(log);
    const sender = new lib.Sender(socket);
    const blob = new SlowBlob('blob');
    const called = (name) => (err) => log(name, err);

    sender.onerror = () => log('onerror');
    sender.send(blob, { fin: true }, called('blob'));
    sender.send('text', { fin: true }, called('text'));
    socket.destroyed = true;
    blob.finish();
    await turns();
    log(sender._bufferedBytes);
  },
  (log) => {
    assert.match(log[0][1].message, /closed while the blob was being read/);
    assert.strictEqual(log[1][0], 'text');
  }
);

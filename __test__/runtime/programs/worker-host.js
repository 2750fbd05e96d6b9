'use strict';

// Loads a library in workers only: LIBRARY SCENARIO [WAYS]. It prints what happened, and ends by
// itself. WAYS is a JSON array of the ways in which the workers of some scenarios end.

const { once } = require('node:events');
const path = require('node:path');
const { Worker } = require('node:worker_threads');

const { frame, RawClient } = require('../../support/raw-client');

const [, , library, scenario, ways] = process.argv;

class Host {
  /** Starts a worker and connects clients to its server. */
  static async start(count) {
    const worker = new Worker(path.join(__dirname, 'worker-server.js'), {
      workerData: { library }
    });
    const host = new Host();

    host.worker = worker;
    host.error = null;
    worker.on('error', (error) => (host.error = error.message));
    // `once()` would reject with the error.
    host.exited = new Promise((resolve) => worker.on('exit', resolve));
    const [{ port }] = await once(worker, 'message');
    host.port = port;
    host.clients = [];
    for (let i = 0; i < count; i++) {
      host.clients.push(await RawClient.open(port));
    }
    return host;
  }

  /** Has each client send and receive some messages. */
  async talk(times) {
    for (let i = 0; i < times; i++) {
      for (const client of this.clients) client.send(frame(0x81, `hello ${i}`));
      for (const client of this.clients) {
        const { payload } = await client.readFrame();
        if (payload.toString() !== `hello ${i}`)
          throw new Error(`got ${payload}`);
      }
    }
  }

  /** Waits for the end of the worker; returns how, and what the clients got. */
  async end() {
    const code = await this.exited;
    const last = [];

    for (const client of this.clients) {
      last.push((await client.readToEnd()).toString('hex'));
      client.socket.destroy();
    }
    return { code, error: this.error, last };
  }

  /** Ends the worker in one way. */
  async endBy(how) {
    if (how === 'terminate') {
      // Nobody reads the answers.
      const flood = Buffer.concat(
        Array(200).fill(frame(0x82, 'x'.repeat(100)))
      );
      for (const client of this.clients) client.send(flood);
      await this.worker.terminate();
      return { code: (await this.end()).code };
    }

    const looping = how.startsWith('loop') && once(this.worker, 'message');
    this.clients[0].send(frame(0x81, how));

    if (looping) {
      await looping;
      await this.worker.terminate();
    } else if (how === 'end') {
      for (const client of this.clients) {
        while ((await client.readFrame()).first !== 0x88);
        client.send(frame(0x88, Buffer.from('0fa0', 'hex')));
        client.socket.end();
      }
    }
    return this.end();
  }
}

/** Ends a worker that served three clients. */
async function oneWorker(how) {
  const host = await Host.start(3);
  await host.talk(3);
  return host.endBy(how);
}

const SCENARIOS = {
  /** All ways, each in a worker of its own at the same time. */
  'at once': () => Promise.all(JSON.parse(ways).map(oneWorker)),

  /** All ways again and again, while another worker serves. */
  repeatedly: async () => {
    const bystander = await Host.start(3);
    const results = [];

    for (let round = 0; round < 3; round++) {
      for (const how of JSON.parse(ways)) {
        results.push(await oneWorker(how));
        await bystander.talk(1);
      }
    }
    results.push(await bystander.endBy('end'));
    return results;
  },

  /** Several workers serve at once. */
  serving: async () => {
    const hosts = await Promise.all(
      Array.from({ length: 6 }, () => Host.start(5))
    );
    await Promise.all(hosts.map((host) => host.talk(30)));
    return Promise.all(hosts.map((host) => host.endBy('end')));
  },

  /** The main thread loads the library after a worker that had it is gone. */
  'main afterwards': async () => {
    const result = await oneWorker('exit');
    const { WebSocketServer } = require(library);
    const wss = new WebSocketServer({ host: '127.0.0.1', port: 0 });

    await once(wss, 'listening');
    wss.on('connection', (ws) => ws.on('message', (data) => ws.send(data)));
    const client = await RawClient.open(wss.address().port);
    client.send(frame(0x81, 'hello'));
    const { payload } = await client.readFrame();
    client.socket.destroy();
    wss.close();
    return [result, payload.toString()];
  },

  /** The main thread ends while workers have open connections. */
  'main exits': async () => {
    const hosts = [await Host.start(3), await Host.start(3)];
    await Promise.all(hosts.map((host) => host.talk(3)));
    setImmediate(() => process.exit(0));
    return 'exiting';
  }
};

const run = SCENARIOS[scenario] ?? (() => oneWorker(scenario));
run().then((result) => console.log(JSON.stringify(result)));

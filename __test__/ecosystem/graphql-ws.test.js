'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const {
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString
} = require('graphql');
const { createClient } = require('graphql-ws');
const { useServer } = require('graphql-ws/use/ws');

const { assertUsesFerrows, queue, watch, WebSocket } = require('./support');

/** A server of a schema with a query and two subscriptions; it ends with the test. */
async function start(t) {
  const posts = queue();
  const ended = queue();

  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({
      name: 'Query',
      fields: { hello: { type: GraphQLString, resolve: () => 'world' } }
    }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        count: {
          type: GraphQLInt,
          args: { to: { type: new GraphQLNonNull(GraphQLInt) } },
          async *subscribe(_, { to }) {
            for (let i = 1; i <= to; i++) yield { count: i };
          }
        },
        posts: {
          type: GraphQLString,
          subscribe: () => ({
            [Symbol.asyncIterator]() {
              return this;
            },
            next: async () => ({ value: { posts: await posts.next() } }),
            return: async () => {
              ended.push('ended');
              return { done: true };
            }
          })
        }
      }
    })
  });

  const wss = new WebSocket.Server({
    host: '127.0.0.1',
    path: '/graphql',
    perMessageDeflate: true,
    port: 0
  });
  const server = useServer(
    {
      schema,
      onConnect: ({ connectionParams }) => connectionParams?.key === 'right'
    },
    wss
  );

  t.after(() => server.dispose());
  if (!wss.address()) await new Promise((done) => wss.on('listening', done));

  const url = `ws://127.0.0.1:${wss.address().port}/graphql`;
  return { ended, posts, url };
}

/** A client; it ends with the test. */
function connect(t, url, key, more) {
  const client = createClient({
    connectionParams: { key },
    lazy: true,
    retryAttempts: 0,
    url,
    webSocketImpl: WebSocket,
    ...more
  });

  t.after(() => client.dispose());
  return client;
}

describe('graphql-ws', () => {
  it('answers a query and streams a subscription to its end', async (t) => {
    assertUsesFerrows('graphql-ws');

    const { clients, servers } = watch(t);
    const { url } = await start(t);
    const client = connect(t, url, 'right');

    const results = [];
    for await (const result of client.iterate({ query: '{ hello }' })) {
      results.push(result.data.hello);
    }
    assert.deepEqual(results, ['world']);

    const query = 'subscription ($to: Int!) { count(to: $to) }';
    const counts = [];
    for await (const result of client.iterate({
      query,
      variables: { to: 500 }
    })) {
      counts.push(result.data.count);
    }

    assert.equal(counts.length, 500);
    assert.deepEqual(
      counts,
      counts.map((_, i) => i + 1)
    );
    assert.ok(clients.length > 0);
    assert.equal(servers.length, clients.length);
    assert.equal(clients[0].protocol, 'graphql-transport-ws');
  });

  it('pushes what happens later, until the client unsubscribes', async (t) => {
    const { ended, posts, url } = await start(t);
    const client = connect(t, url, 'right');
    const iterator = client.iterate({ query: 'subscription { posts }' });

    const first = iterator.next();
    posts.push('one');
    assert.equal((await first).value.data.posts, 'one');

    posts.push('two');
    assert.equal((await iterator.next()).value.data.posts, 'two');

    await iterator.return();
    assert.equal(await ended.next(), 'ended');
  });

  it('closes with the codes of its protocol', async (t) => {
    const { url } = await start(t);
    const closed = queue();
    const refused = connect(t, url, 'wrong', {
      on: { closed: (event) => closed.push(event) }
    });

    await assert.rejects(async () => {
      for await (const result of refused.iterate({ query: '{ hello }' })) {
        assert.fail(JSON.stringify(result));
      }
    });

    const { code, reason, wasClean } = await closed.next();
    assert.deepEqual([code, reason, wasClean], [4403, 'Forbidden', true]);
  });
});

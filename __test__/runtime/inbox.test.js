'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const Inbox = require('../../lib/inbox');

test('an empty payload at the beginning of a batch is empty, wherever the last batch was copied to', () => {
  const arena = Buffer.alloc(16 * 1024, 'x');
  const inbox = new Inbox(arena);

  inbox.begin(8 * 1024);
  // The window moves to the front of a slab, so what lies behind is far ahead of its copy.
  assert.strictEqual(inbox.take(4096, 10).toString(), 'xxxxxxxxxx');

  inbox.begin(0);
  assert.strictEqual(inbox.take(0, 0).length, 0);
});

'use strict';

// RFC 6455 §10: what protects an endpoint and those around it.

const { BOTH, SERVER } = require('../vocabulary');

const TOO_BIG = 'close 1009, end';

const SMALL = { maxPayload: 100 };

module.exports = [
  {
    at: '10.4',
    requires:
      'a frame over the limit is refused by its header, before its payload comes',
    options: SMALL,
    sends: ['82 7f 0000000100000000 |'],
    sees: TOO_BIG
  },
  {
    at: '10.4',
    requires: 'a frame of exactly the limit is received',
    options: SMALL,
    sends: ['82 64 | 61*100'],
    sees: 'binary 61*100, open'
  },
  {
    at: '10.4',
    requires: 'a frame of one byte more than the limit is refused',
    options: SMALL,
    sends: ['82 65 | 61*101'],
    sees: TOO_BIG
  },
  {
    at: '10.4',
    requires: 'fragments that exceed the limit together are refused',
    options: SMALL,
    sends: ['02 64 | 61*100', '80 01 | 61'],
    sees: TOO_BIG
  },
  {
    at: '10.4',
    requires:
      'a message that exceeds the limit when it is decompressed is refused',
    options: { maxPayload: 100, perMessageDeflate: true },
    deflate: 'permessage-deflate',
    // 1000 times "a".
    sends: ['c1 0b | 4a4c1c05a360140c770000'],
    sees: TOO_BIG
  },
  {
    at: '10.4',
    requires: 'more fragments than the limit are refused',
    options: { maxFragments: 3 },
    sends: ['01 00 |', '00 00 |', '00 00 |', '00 00 |'],
    sees: /^close (1008|1009), end$/
  },
  {
    at: '10.7',
    requires: 'bytes that are no frames at all end the connection',
    sends: [Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    sees: /^close 1002, end$/
  },
  {
    at: '10.7',
    roles: SERVER,
    requires: 'a request that is no HTTP is refused',
    request: { start: '\x16\x03\x01\x00\x01' },
    sees: /^HTTP 400$/
  }
].map((each) => ({ roles: BOTH, ...each }));

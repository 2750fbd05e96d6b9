'use strict';

const OTHERS = 'It is for somebody else';
const INSIDE = 'It cannot be seen from outside';
const NOT_HERE = 'Neither library has what it is about';

/**
 * What the RFCs require and no case shows: section, requirement, why. Each reason begins with one
 * of three texts.
 */
module.exports = {
  6455: [
    [
      '4.1',
      'a client that cannot learn the IP address of a host takes each name for another host',
      `${INSIDE}: the waiting that it is about is not done, see the case`
    ],
    [
      '4.1',
      'a request of a browser has Origin',
      `${OTHERS}: browsers. The option \`origin\` sends it`
    ],
    [
      '4.1',
      'the nonce is selected randomly',
      `${INSIDE}: that keys differ is a case, that they cannot be foreseen is none`
    ],
    [
      '5.2',
      'an extension specifies the length of its data and how it is negotiated',
      `${OTHERS}: who writes extensions`
    ],
    [
      '5.3',
      'masking keys come from a strong source of entropy',
      `${INSIDE}: that they differ and do not follow each other are cases`
    ],
    [
      '5.4',
      'an intermediary does not change the fragmentation of messages (four rules)',
      `${OTHERS}: proxies. Both libraries are endpoints`
    ],
    [
      '5.4',
      'fragments are not interleaved unless an extension can interpret it',
      `${NOT_HERE}: an extension that can. Without one it is a case`
    ],
    [
      '5.5.1',
      'a client does not show the reason of a close frame to end users',
      `${OTHERS}: the application`
    ],
    [
      '5.8',
      'all extensions that are used were negotiated',
      `${INSIDE} but by the RSV bits and opcodes of frames, which are cases of 5.2`
    ],
    [
      '6.1',
      'the formed frames are transmitted over the connection',
      `${INSIDE} apart from the other cases: each of them reads frames`
    ],
    [
      '9.1',
      'extension tokens are registered with IANA',
      `${OTHERS}: who invents names. The one name that is sent is a case of RFC 7692 §5`
    ],
    [
      '10.3',
      'an application cannot change the payload of a frame that is being sent',
      `${INSIDE} over TCP alone: it takes a program that writes to its buffers, which the folder \`websocket/\` has`
    ],
    [
      '10.3',
      'an application cannot foresee the masking key',
      `${INSIDE}, as in 5.3. With the option \`generateMask\` it chooses the key, as in ws`
    ]
  ],
  7692: [
    [
      '5',
      'the extension is not accepted together with another one that uses RSV1',
      `${NOT_HERE}: a second extension. A response with one is a case`
    ],
    [
      '5',
      'where there are several, the order of extensions says which one works first',
      `${NOT_HERE}: a second extension`
    ],
    [
      '7.2.1',
      'a block with BFINAL that does not end at a byte is padded',
      `${NOT_HERE}: neither library sends such blocks. Reading them is a case`
    ],
    [
      '7.2.2',
      'who promised to forget the window may be read with an empty one',
      `${INSIDE}: a permission. That both ways work is a case`
    ]
  ]
};

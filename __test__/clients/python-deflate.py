# A client made with Python's `websockets`: URL. It exchanges messages under every agreement on
# permessage-deflate that it can make, and prints what it saw, as JSON.
import itertools
import json
import random
import sys

from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.sync.client import connect

url = sys.argv[1]
report = {'agreements': {}}

noise = random.Random(1).randbytes(40_000)
text = 'żółw and turtle, ' * 3000
messages = ['', 'a', 'a', text[:100], text[:100], b'', noise[:300], noise[:300], text, text, noise]


def deflate(**options):
    return connect(
        url,
        compression=None,
        extensions=[ClientPerMessageDeflateFactory(**options)],
        max_size=None,
    )


def exchange(client):
    """Whether all messages come back, whole and in fragments."""
    for message in messages:
        client.send(message)
    whole = [client.recv() for _ in messages] == messages
    client.send(['frag', '', 'mented ', 'żółw' * 100])
    client.send([b'\x00' * 70_000, b'', b'\x02' * 20_000])
    return whole and [client.recv(), client.recv()] == [
        'fragmented ' + 'żółw' * 100,
        b'\x00' * 70_000 + b'\x02' * 20_000,
    ]


for server_bits, client_bits in itertools.product([None, 8, 9, 10, 12, 15], [None, 9, 12, 15]):
    for server_forgets, client_forgets in itertools.product([False, True], repeat=2):
        with deflate(
            server_no_context_takeover=server_forgets,
            client_no_context_takeover=client_forgets,
            server_max_window_bits=server_bits,
            # Our compressor's window; the server is not told unless it asks.
            client_max_window_bits=client_bits,
        ) as client:
            agreement = client.response.headers['Sec-WebSocket-Extensions']
            report['agreements'][agreement] = exchange(client)

with connect(url, max_size=None) as client:
    report['default'] = [client.response.headers['Sec-WebSocket-Extensions'], exchange(client)]

with deflate() as client:
    # Not text once it is decompressed.
    client.send(b'\xff\xfe' * 100, text=True)
    try:
        client.recv()
    except ConnectionClosed:
        report['invalid UTF-8'] = client.close_code

print(json.dumps(report))

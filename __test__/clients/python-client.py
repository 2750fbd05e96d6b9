# A client made with Python's `websockets`: URL. It does one thing after another and prints what it
# saw, as JSON: an object whose keys are the names of the things done.
import hashlib
import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

url = sys.argv[1]
report = {}


def digest(data):
    return hashlib.sha256(data).hexdigest()


with connect(url, max_size=None) as client:
    report['extensions'] = client.response.headers.get('Sec-WebSocket-Extensions')

    texts = ['hello', '', 'żółw 🐢', 'x' * 70_000]
    report['text'] = []
    for text in texts:
        client.send(text)
        report['text'].append(client.recv() == text)

    report['binary'] = []
    for length in [0, 1, 125, 126, 4097, 16_384, 65_535, 65_536, 131_073]:
        data = bytes((i * 31) & 0xFF for i in range(length))
        client.send(data)
        report['binary'].append(client.recv() == data)

    data = bytes(range(256)) * 4096
    client.send(data)
    received = client.recv()
    report['1 MB'] = [type(received).__name__, len(received), digest(received) == digest(data)]

    # A message of an iterable is sent in fragments.
    client.send(['frag', '', 'mented ', 'żółw'])
    report['fragmented text'] = client.recv()
    client.send([b'\x00' * 70_000, b'\x01', b'\x02' * 20_000])
    report['fragmented binary'] = (
        client.recv() == b'\x00' * 70_000 + b'\x01' + b'\x02' * 20_000
    )

    report['ping'] = client.ping(b'ping').wait(timeout=10)
    report['empty ping'] = client.ping().wait(timeout=10)
    client.pong(b'unasked')
    client.send('after the pong')
    report['pong'] = client.recv()

    for number in range(500):
        client.send(f'message {number}')
    report['many'] = [client.recv() for _ in range(500)] == [
        f'message {number}' for number in range(500)
    ]

# Leaving the block closes with 1000.
report['close'] = [client.close_code, client.close_reason]

report['close codes'] = []
for code, reason in [(1001, ''), (1011, 'x' * 123), (3000, 'żółw'), (4999, 'bye')]:
    client = connect(url)
    client.close(code, reason)
    report['close codes'].append(
        [client.close_code, client.close_reason] == [code, reason]
    )

with connect(url) as client:
    # RFC 6455 §8.1: the server fails the connection.
    client.send(b'\xff\xfe', text=True)
    try:
        client.recv()
    except ConnectionClosed:
        report['invalid UTF-8'] = client.close_code

with connect(url, compression=None) as client:
    client.send('no offer')
    report['no offer of compression'] = client.recv()

clients = [connect(url) for _ in range(50)]
for number, client in enumerate(clients):
    client.send(f'client {number}')
report['50 clients'] = [client.recv() for client in clients] == [
    f'client {number}' for number in range(50)
]
for client in clients:
    client.close()

print(json.dumps(report))

# A client that sends urgent data, which Node.js cannot: PORT DIRECTORY ROUNDS, where ROUNDS is JSON,
# a list of lists of [hex, urgent]. It sends a round when a line comes, and then creates a file in
# DIRECTORY with the round's number.
import json, os, socket, sys

port, directory, rounds = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])

client = socket.create_connection(('127.0.0.1', port))
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
client.sendall(
    b'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
    b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'
)
head = b''
while b'\r\n\r\n' not in head:
    head += client.recv(4096)
print('"open"', flush=True)

for number, pieces in enumerate(rounds):
    sys.stdin.readline()
    for data, urgent in pieces:
        client.sendall(bytes.fromhex(data), socket.MSG_OOB if urgent else 0)
    open(os.path.join(directory, str(number)), 'w').close()

sys.stdin.readline()
client.close()

# A client that sends urgent data, which Node.js cannot: PORT PLAN MARKER, where PLAN is JSON, a list
# of [hex, urgent]. It begins when a line comes, and creates the file MARKER when all is sent.
import json, socket, sys

port, plan, marker = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]

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

sys.stdin.readline()
for data, urgent in plan:
    client.sendall(bytes.fromhex(data), socket.MSG_OOB if urgent else 0)
open(marker, 'w').close()

sys.stdin.readline()
client.close()

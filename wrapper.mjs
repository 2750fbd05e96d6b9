import WebSocket from './index.js';

export const { extension, Sender, subprotocol, WebSocketServer } = WebSocket;
export { WebSocket };
export default WebSocket;

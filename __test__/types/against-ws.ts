// What @types/ws has for servers, the types of Ferrows have too.

import Ferrows = require('ferrows');
import Ws = require('ws');

type Missing<Reference, Ours> = Exclude<keyof Reference, keyof Ours>;
type Nothing<T extends never> = T;

/** Of what ws exports, streams over a connection are missing so far. */
export type Members = [
  Nothing<Missing<Ws.WebSocket, Ferrows.WebSocket>>,
  Nothing<Missing<Ws.Server, Ferrows.Server>>,
  Nothing<Missing<Ws.ServerOptions, Ferrows.ServerOptions>>,
  Nothing<Missing<Ws.WebSocketEventMap, Ferrows.WebSocketEventMap>>,
  Nothing<Exclude<Missing<typeof Ws, typeof Ferrows>, 'createWebSocketStream'>>
];

type SubsetOf<Whole, Part extends Whole> = Part;

/** Values of one kind are taken where the other is wanted. */
export type Values = [
  SubsetOf<Ferrows.RawData, Ws.RawData>,
  SubsetOf<Ws.RawData, Ferrows.RawData>,
  SubsetOf<Ws.Data, Ferrows.Data>,
  SubsetOf<Ferrows.AddressInfo, Ws.AddressInfo>,
  SubsetOf<Ferrows.VerifyClientCallbackAsync, Ws.VerifyClientCallbackAsync>,
  SubsetOf<Ferrows.VerifyClientCallbackSync, Ws.VerifyClientCallbackSync>,
  SubsetOf<Ferrows.PerMessageDeflateOptions, Ws.PerMessageDeflateOptions>
];

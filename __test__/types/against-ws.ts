// What @types/ws has, the types of Ferrows have too.

import Ferrows = require('ferrows');
import Ws = require('ws');

type Missing<Reference, Ours> = Exclude<keyof Reference, keyof Ours>;
type Nothing<T extends never> = T;

/** No export, option or member is missing. */
export type Members = [
  Nothing<Missing<Ws.WebSocket, Ferrows.WebSocket>>,
  Nothing<Missing<Ws.Server, Ferrows.Server>>,
  Nothing<Missing<Ws.ServerOptions, Ferrows.ServerOptions>>,
  Nothing<Missing<Ws.WebSocketEventMap, Ferrows.WebSocketEventMap>>,
  Nothing<Missing<Ws.ClientOptions, Ferrows.ClientOptions>>,
  Nothing<
    Missing<Ws.PerMessageDeflateOptions, Ferrows.PerMessageDeflateOptions>
  >,
  Nothing<Missing<typeof Ws, typeof Ferrows>>
];

type SubsetOf<Whole, Part extends Whole> = Part;

/** Values of one kind are taken where the other is wanted. */
export type Values = [
  SubsetOf<Ferrows.WebSocket, Ws.WebSocket>,
  SubsetOf<Ws.WebSocket, Ferrows.WebSocket>,
  SubsetOf<Ferrows.RawData, Ws.RawData>,
  SubsetOf<Ws.RawData, Ferrows.RawData>,
  SubsetOf<Ws.Data, Ferrows.Data>,
  SubsetOf<Ferrows.AddressInfo, Ws.AddressInfo>,
  SubsetOf<Ferrows.CertMeta, Ws.CertMeta>,
  SubsetOf<Ferrows.ClientOptions, Ws.ClientOptions>,
  SubsetOf<Ws.ClientOptions, Ferrows.ClientOptions>,
  SubsetOf<
    ConstructorParameters<typeof Ferrows>,
    ConstructorParameters<typeof Ws>
  >,
  SubsetOf<Parameters<Ferrows['send']>, Parameters<Ws['send']>>,
  SubsetOf<
    Parameters<typeof Ferrows.createWebSocketStream>[1],
    Parameters<typeof Ws.createWebSocketStream>[1]
  >,
  SubsetOf<Ferrows.VerifyClientCallbackAsync, Ws.VerifyClientCallbackAsync>,
  SubsetOf<Ferrows.VerifyClientCallbackSync, Ws.VerifyClientCallbackSync>,
  SubsetOf<Ferrows.PerMessageDeflateOptions, Ws.PerMessageDeflateOptions>
];

/// <reference types="node" />

import { EventEmitter } from 'events';
import {
  Agent,
  ClientRequest,
  ClientRequestArgs,
  IncomingMessage,
  OutgoingHttpHeaders,
  Server as HTTPServer
} from 'http';
import { Server as HTTPSServer } from 'https';
import { createConnection, LookupFunction } from 'net';
import { Duplex, DuplexOptions, Writable } from 'stream';
import { SecureContextOptions } from 'tls';
import { URL } from 'url';
import { ZlibOptions } from 'zlib';

/** What `send()` takes: text as a string or a number, everything else as bytes. */
type BufferLike =
  | string
  | Buffer
  | DataView
  | number
  | ArrayBufferView
  | Uint8Array
  | ArrayBuffer
  | SharedArrayBuffer
  | Blob
  | readonly any[]
  | readonly number[]
  | { valueOf(): ArrayBuffer }
  | { valueOf(): SharedArrayBuffer }
  | { valueOf(): Uint8Array }
  | { valueOf(): readonly number[] }
  | { valueOf(): string }
  | { [Symbol.toPrimitive](hint: string): string };

/** The arguments of a connection's events. */
interface WebSocketEvents {
  /**
   * The connection has ended; nothing follows. `code` is the one that the peer sent, 1005 if it
   * sent none, and 1006 if the connection ended without a closing handshake.
   */
  close: [code: number, reason: Buffer];
  /**
   * The peer broke the protocol, or a limit (`error.code` begins with `WS_ERR_`); the handshake of
   * a client failed; or a `Blob` could not be read. At most once, and `'close'` follows. Without a
   * listener it is an uncaught exception.
   */
  error: [error: Error];
  /** A message. Text is a `Buffer` too; `isBinary` tells them apart. */
  message: [data: WebSocket.RawData, isBinary: boolean];
  /** The connection is OPEN. On a server it is so before `'connection'`. */
  open: [];
  /** A ping. It was answered already, unless `autoPong` is false. */
  ping: [data: Buffer];
  /** A pong. */
  pong: [data: Buffer];
  /**
   * Client, with `followRedirects`: `request` is about to go to `url`. With a listener, headers
   * and userinfo are kept whatever the host; the listener may remove them.
   */
  redirect: [url: string, request: ClientRequest];
  /**
   * Client: the server's response is not 101. With a listener there is no `'error'`; the listener
   * reads the response, or ends the request.
   */
  'unexpected-response': [request: ClientRequest, response: IncomingMessage];
  /** Client: the server's response is 101. Its headers are not verified yet. */
  upgrade: [response: IncomingMessage];
}

/** The arguments of a server's events. */
interface ServerEvents<Client, Request> {
  /** The server accepts no more connections, and the last one has ended. */
  close: [];
  /** A client has connected. */
  connection: [websocket: Client, request: Request];
  /** The http server failed, for example because the port is in use. */
  error: [error: Error];
  /** The head of the 101 response is about to be sent, one line an element; it may be changed. */
  headers: [headers: string[], request: Request];
  /** The http server listens. */
  listening: [];
  /** A request was not acceptable. With a listener, the listener has to answer it. */
  wsClientError: [error: Error, socket: Duplex, request: Request];
}

/** A WebSocket connection: a client, or the server's side of one. */
declare class WebSocket extends EventEmitter {
  /** The connection is not open yet. */
  static readonly CONNECTING: 0;
  /** The connection is open. */
  static readonly OPEN: 1;
  /** The connection is being closed. */
  static readonly CLOSING: 2;
  /** The connection is closed. */
  static readonly CLOSED: 3;

  /** The connection is not open yet. */
  readonly CONNECTING: 0;
  /** The connection is open. */
  readonly OPEN: 1;
  /** The connection is being closed. */
  readonly CLOSING: 2;
  /** The connection is closed. */
  readonly CLOSED: 3;

  /**
   * How binary messages are given to `'message'`, from the next one on. Text is a `Buffer`
   * whatever it says. Other values are ignored. It may be `'blob'`, too; that is left out where it
   * is read, as it is in ws's types, so that each can be given for the other.
   *
   * @default 'nodebuffer'
   */
  get binaryType(): 'nodebuffer' | 'arraybuffer' | 'fragments';
  set binaryType(type: 'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob');
  /**
   * Bytes that were sent and that the operating system, or on a stream connection the stream, has
   * not taken yet, with their headers; and the payloads that wait for a `Blob`.
   */
  readonly bufferedAmount: number;
  /** The names of the extensions in use, joined by commas: permessage-deflate, or nothing. */
  readonly extensions: string;
  /** Whether the connection is paused. */
  readonly isPaused: boolean;
  /** The subprotocol that was agreed on, or the empty string. */
  readonly protocol: string;
  /** The state: one of CONNECTING, OPEN, CLOSING and CLOSED. */
  readonly readyState:
    | typeof WebSocket.CONNECTING
    | typeof WebSocket.OPEN
    | typeof WebSocket.CLOSING
    | typeof WebSocket.CLOSED;
  /** The address that was dialled, after redirects the last. On a server undefined, as with ws. */
  readonly url: string;

  onopen: ((event: WebSocket.Event) => void) | null;
  onerror: ((event: WebSocket.ErrorEvent) => void) | null;
  onclose: ((event: WebSocket.CloseEvent) => void) | null;
  onmessage: ((event: WebSocket.MessageEvent) => void) | null;

  /**
   * For subclasses, which a server makes by `new Class(null, undefined, options)`.
   */
  constructor(
    address: null,
    protocols?: undefined,
    options?: WebSocket.ServerOptions<any, any>
  );
  /**
   * Makes a client, which dials at once. `'open'` or `'error'` follows in a later tick.
   *
   * @param address A URL of `ws:`, `wss:`, `http:` or `https:`, or
   *     `ws+unix:/path/of/socket:/path/of/request`
   * @param options The options here, and those of `http.request()` or `https.request()`
   * @throws {SyntaxError} If the address or a subprotocol is invalid, or a subprotocol is repeated
   * @throws {RangeError} If the protocol version is neither 13 nor 8
   */
  constructor(
    address: string | URL,
    options?: WebSocket.ClientOptions | ClientRequestArgs
  );
  /** @param protocols The subprotocols to offer, in the order of preference. Default: none */
  constructor(
    address: string | URL,
    protocols?: string | string[],
    options?: WebSocket.ClientOptions | ClientRequestArgs
  );

  /**
   * Starts the closing handshake, after all that was sent before. If the peer does not complete
   * it within `closeTimeout`, the connection is cut off. A client that is CONNECTING gives up:
   * `'error'` and `'close'` follow.
   *
   * @param code The status code: 1000 to 1014 without 1004, 1005 and 1006, or 3000 to 4999. Without
   *     one the close frame is empty, and both sides see 1005.
   * @param data The reason, at most 123 bytes of UTF-8
   * @throws {TypeError} If the code is not one of these; the connection stays OPEN
   * @throws {RangeError} If the reason is too long; the connection stays OPEN
   */
  close(code?: number, data?: string | Buffer): void;
  /**
   * Sends a ping.
   *
   * @param data The payload, at most 125 bytes; or `cb`
   * @param mask Whether the frame is masked; or `cb`. Default: true for a client, else false
   * @param cb Called when the operating system has taken the frame, or with an error
   * @throws {Error} If the connection is CONNECTING
   * @throws {RangeError} If the payload is too long
   */
  ping(
    data?: any,
    mask?: boolean | ((err: Error) => void),
    cb?: (err: Error) => void
  ): void;
  /**
   * Sends a pong that nobody asked for. Pings are answered without it.
   *
   * @param data The payload, at most 125 bytes; or `cb`
   * @param mask Whether the frame is masked; or `cb`. Default: true for a client, else false
   * @param cb Called when the operating system has taken the frame, or with an error
   * @throws {Error} If the connection is CONNECTING
   * @throws {RangeError} If the payload is too long
   */
  pong(
    data?: any,
    mask?: boolean | ((err: Error) => void),
    cb?: (err: Error) => void
  ): void;
  /**
   * Sends a message, or a fragment of one. Strings and numbers are text; a `Blob` is read first, and
   * what is sent after it waits.
   *
   * @param cb Called when the operating system has taken the message, or with an error. When the
   *     connection is CLOSING or CLOSED, `send()` does not throw; the error goes to `cb`.
   * @throws {Error} If the connection is CONNECTING
   * @throws {TypeError} If `data` is of another type
   */
  send(data: BufferLike, cb?: (err?: Error) => void): void;
  send(
    data: BufferLike,
    options: WebSocket.SendOptions,
    cb?: (err?: Error) => void
  ): void;
  /**
   * Cuts the connection off, without a closing handshake. A client that is CONNECTING gives up:
   * `'error'` and `'close'` follow.
   */
  terminate(): void;
  /**
   * Stops reading. What was read already may still be emitted. Does nothing while the connection is
   * CONNECTING or CLOSED.
   */
  pause(): void;
  /** Continues reading. Does nothing while the connection is CONNECTING or CLOSED. */
  resume(): void;

  /** Adds a handler, unless it was added before or there is no such event. */
  addEventListener<K extends keyof WebSocket.WebSocketEventMap>(
    type: K,
    listener:
      | ((event: WebSocket.WebSocketEventMap[K]) => void)
      | { handleEvent(event: WebSocket.WebSocketEventMap[K]): void },
    options?: WebSocket.EventListenerOptions
  ): void;
  /** Removes a handler that `addEventListener()` added. */
  removeEventListener<K extends keyof WebSocket.WebSocketEventMap>(
    type: K,
    listener:
      | ((event: WebSocket.WebSocketEventMap[K]) => void)
      | { handleEvent(event: WebSocket.WebSocketEventMap[K]): void }
  ): void;

  on<K extends keyof WebSocketEvents>(
    event: K,
    listener: (this: WebSocket, ...args: WebSocketEvents[K]) => void
  ): this;
  on(
    event: string | symbol,
    listener: (this: WebSocket, ...args: any[]) => void
  ): this;
  once<K extends keyof WebSocketEvents>(
    event: K,
    listener: (this: WebSocket, ...args: WebSocketEvents[K]) => void
  ): this;
  once(
    event: string | symbol,
    listener: (this: WebSocket, ...args: any[]) => void
  ): this;
  off<K extends keyof WebSocketEvents>(
    event: K,
    listener: (this: WebSocket, ...args: WebSocketEvents[K]) => void
  ): this;
  off(
    event: string | symbol,
    listener: (this: WebSocket, ...args: any[]) => void
  ): this;
  addListener<K extends keyof WebSocketEvents>(
    event: K,
    listener: (...args: WebSocketEvents[K]) => void
  ): this;
  addListener(event: string | symbol, listener: (...args: any[]) => void): this;
  removeListener<K extends keyof WebSocketEvents>(
    event: K,
    listener: (...args: WebSocketEvents[K]) => void
  ): this;
  removeListener(
    event: string | symbol,
    listener: (...args: any[]) => void
  ): this;
}

declare const WebSocketAlias: typeof WebSocket;
interface WebSocketAlias extends WebSocket {}

declare namespace WebSocket {
  /**
   * A message as `'message'` has it: a `Buffer`, or what `binaryType` asks for. With
   * `binaryType` `'blob'` it is a `Blob`, which is left out here as it is in ws's types.
   */
  type RawData = Buffer | ArrayBuffer | Buffer[];

  /** A message as `MessageEvent.data` has it: text is a string there. */
  type Data = string | Buffer | ArrayBuffer | Buffer[];

  /** A certificate or a key, as `checkServerIdentity` has it in ws's types. */
  type CertMeta = string | string[] | Buffer | Buffer[];

  /**
   * How the bytes of connections are moved. `'auto'`: Ferrows reads and writes the descriptor itself
   * where it can, which is on Linux for TCP and Unix domain sockets, and through the stream
   * elsewhere, for example with TLS. `'stream'`: through the stream in any case.
   */
  type Transport = 'auto' | 'stream';

  /**
   * Changes the request of a client's handshake before it is sent; it has to call `request.end()`,
   * now or later.
   */
  type FinishRequestCallback = (
    request: ClientRequest,
    websocket: WebSocket
  ) => void;

  /** Says whether a request is accepted. If not, the answer is 401. */
  type VerifyClientCallbackSync<
    Request extends IncomingMessage = IncomingMessage
  > = (info: { origin: string; secure: boolean; req: Request }) => boolean;

  /** Says later whether a request is accepted, and what is answered if not. */
  type VerifyClientCallbackAsync<
    Request extends IncomingMessage = IncomingMessage
  > = (
    info: { origin: string; secure: boolean; req: Request },
    callback: (
      res: boolean,
      code?: number,
      message?: string,
      headers?: OutgoingHttpHeaders
    ) => void
  ) => void;

  interface SendOptions {
    /** Whether the message is binary. Default: false for strings and numbers, else true. */
    binary?: boolean | undefined;
    /**
     * Whether the message is compressed, if permessage-deflate was agreed on and it is not too short.
     * Its first fragment decides.
     *
     * @default true
     */
    compress?: boolean | undefined;
    /**
     * Whether this is the last fragment of its message; the next `send()` then begins a new one.
     *
     * @default true
     */
    fin?: boolean | undefined;
    /**
     * Whether the frame is masked: clients have to, servers must not. Default: true for a client,
     * else false.
     */
    mask?: boolean | undefined;
  }

  /** What permessage-deflate (RFC 7692) is to be like. What cannot be honoured is refused. */
  interface PerMessageDeflateOptions {
    /**
     * Whether the server forgets after each message what it has sent, so that each is compressed for
     * itself. A client asks for it. Of a server, false: it refuses to. Default: as the client asks.
     */
    serverNoContextTakeover?: boolean | undefined;
    /**
     * The same for what clients send. Of a client, false: it refuses to. Default: as the server asks.
     */
    clientNoContextTakeover?: boolean | undefined;
    /**
     * The window of what the server sends: the binary logarithm of its bytes, 8 to 15. A client asks
     * for it. Default: 15, or what the client asks for.
     */
    serverMaxWindowBits?: number | undefined;
    /**
     * The window of what clients send: the binary logarithm of its bytes, 8 to 15. A server asks for
     * it, and accepts only clients that can. Default: 15, or what the server asks for.
     */
    clientMaxWindowBits?: number | undefined;
    /** Options of zlib for what is sent. Default: those of Node.js. */
    zlibDeflateOptions?:
      | {
          /** 0 (`Z_NO_FLUSH`) or 2 (`Z_SYNC_FLUSH`), which make no difference. */
          flush?: number | undefined;
          /** Of no effect. */
          finishFlush?: number | undefined;
          /** Of no effect: memory is taken as it is needed. */
          chunkSize?: number | undefined;
          /** Of no effect: what was negotiated counts. */
          windowBits?: number | undefined;
          /**
           * How much time is given to compressing: 0, none, to 9.
           *
           * @default -1, which is 6
           */
          level?: number | undefined;
          /**
           * How much memory: 1 to 9.
           *
           * @default 8
           */
          memLevel?: number | undefined;
          /**
           * One of `zlib.constants`, as `Z_HUFFMAN_ONLY`.
           *
           * @default Z_DEFAULT_STRATEGY
           */
          strategy?: number | undefined;
          /** Refused: the RFC knows of none. */
          dictionary?: Buffer | Buffer[] | DataView | undefined;
          /** Of no effect. */
          info?: boolean | undefined;
        }
      | undefined;
    /**
     * Options of zlib for what is received. They are checked as above, and none has an effect.
     * Default: those of Node.js.
     */
    zlibInflateOptions?: ZlibOptions | undefined;
    /**
     * Bytes below which a message is not compressed, where the context is not taken over. Of a
     * message in fragments the first counts.
     *
     * @default 1024
     */
    threshold?: number | undefined;
    /**
     * Messages that are compressed or decompressed at a time on other threads than JavaScript's, in
     * the process: the first connection says it. 0: any number.
     *
     * @default 10
     */
    concurrencyLimit?: number | undefined;
    /**
     * Milliseconds without a message after which what was sent is forgotten, and its memory given
     * back. 0: never. ws has no such option.
     *
     * @default 60000
     */
    releaseAfter?: number | undefined;
  }

  /** What both ends have agreed on. */
  interface PerMessageDeflateParameters {
    client_max_window_bits?: number | true | undefined;
    client_no_context_takeover?: true | undefined;
    server_max_window_bits?: number | true | undefined;
    server_no_context_takeover?: true | undefined;
  }

  interface Event {
    type: string;
    target: WebSocket;
  }

  interface ErrorEvent {
    error: any;
    message: string;
    type: string;
    target: WebSocket;
  }

  interface CloseEvent {
    /** Whether both sides have sent a close frame. */
    wasClean: boolean;
    code: number;
    reason: string;
    type: string;
    target: WebSocket;
  }

  interface MessageEvent {
    data: Data;
    type: string;
    target: WebSocket;
  }

  interface WebSocketEventMap {
    open: Event;
    error: ErrorEvent;
    close: CloseEvent;
    message: MessageEvent;
  }

  interface EventListenerOptions {
    /**
     * Whether the handler is called at most once.
     *
     * @default false
     */
    once?: boolean | undefined;
  }

  /**
   * The options of a client. Those of `http.request()` and `https.request()` that are not here are
   * passed on as well.
   */
  interface ClientOptions extends SecureContextOptions {
    /** The agent that makes the connection. Default: none; the connection is made for this client. */
    agent?: Agent | undefined;
    /**
     * Whether several `'message'`, `'ping'` and `'pong'` events may be emitted in one tick. If not,
     * each gets a macrotask of its own.
     *
     * @default true
     */
    allowSynchronousEvents?: boolean | undefined;
    /**
     * Userinfo for the `Authorization` header, `user:password`. That of the address goes first.
     * Default: none.
     */
    auth?: string | null | undefined;
    /**
     * Whether pings are answered.
     *
     * @default true
     */
    autoPong?: boolean | undefined;
    /** Verifies the name in the server's certificate. Default: that of Node.js. */
    checkServerIdentity?(servername: string, cert: CertMeta): boolean;
    /**
     * Milliseconds that the closing handshake may take before the connection is cut off.
     *
     * @default 30000
     */
    closeTimeout?: number | undefined;
    /** Makes the socket. Default: `net.connect()` or `tls.connect()`. */
    createConnection?: typeof createConnection | undefined;
    /** The version of IP, 4 or 6. Default: either. */
    family?: number | undefined;
    /** Changes the request before it is sent, and then ends it. Default: it is sent as it is. */
    finishRequest?: FinishRequestCallback | undefined;
    /**
     * Whether redirects (3xx with a `Location`) are followed.
     *
     * @default false
     */
    followRedirects?: boolean | undefined;
    /**
     * Fills the `Buffer` of 4 bytes with the masking key of a frame. Default: the bytes come from the
     * operating system's random generator.
     */
    generateMask?(mask: Buffer): void;
    /** Milliseconds that the opening handshake may take, in each request. Default: any time. */
    handshakeTimeout?: number | undefined;
    /** Headers of the request, besides those of the handshake. Default: none. */
    headers?: { [key: string]: string } | undefined;
    /** Ignored, as in ws: the host is that of the address. */
    host?: string | undefined;
    /** The address to connect from. Default: the operating system's choice. */
    localAddress?: string | undefined;
    /** Resolves host names. Default: `dns.lookup()`. */
    lookup?: LookupFunction | undefined;
    /**
     * Reads that one frame may take; beyond, the connection is closed with 1008. 0: any number.
     *
     * @default 262144
     */
    maxBufferedChunks?: number | undefined;
    /**
     * Fragments that a message may have; beyond, the connection is closed with 1008. 0: any number.
     *
     * @default 16384
     */
    maxFragments?: number | undefined;
    /**
     * Bytes that a message may have; beyond, the connection is closed with 1009. 0: any number.
     *
     * @default 104857600 (100 MiB)
     */
    maxPayload?: number | undefined;
    /**
     * Answers to pings that may wait to be written; beyond, the connection is cut off. 0: any
     * number.
     *
     * @default 60
     */
    maxPendingAutoPongs?: number | undefined;
    /**
     * Redirects that are followed; beyond, `'error'`.
     *
     * @default 10
     */
    maxRedirects?: number | undefined;
    /**
     * The value of the `Origin` header, or of `Sec-WebSocket-Origin` in version 8. Default: no such
     * header.
     */
    origin?: string | undefined;
    /**
     * Whether permessage-deflate is offered, and how; then messages are compressed if the server
     * accepts it.
     *
     * @default true
     */
    perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined;
    /** Ignored, as in ws: the protocol is that of the address. */
    protocol?: string | undefined;
    /** The subprotocols to offer, if the constructor gets none before the options. Default: none. */
    protocols?: string | string[] | undefined;
    /**
     * The value of the `Sec-WebSocket-Version` header, 13 or 8.
     *
     * @default 13
     */
    protocolVersion?: number | undefined;
    /**
     * Whether a server is refused whose certificate cannot be verified.
     *
     * @default true
     */
    rejectUnauthorized?: boolean | undefined;
    /** The name that TLS asks the server for (SNI). Default: the address's host, unless it is an IP. */
    servername?: string | undefined;
    /**
     * Whether text and close reasons are taken without a check that they are UTF-8.
     *
     * @default false
     */
    skipUTF8Validation?: boolean | undefined;
    /**
     * How the connection's bytes are moved. ws has no such option.
     *
     * @default 'auto'
     */
    transport?: Transport | undefined;
  }

  /** The options of a server. Exactly one of `port`, `server` and `noServer` has to be given. */
  interface ServerOptions<
    U extends typeof WebSocket.WebSocket = typeof WebSocket.WebSocket,
    V extends typeof IncomingMessage = typeof IncomingMessage
  > {
    /**
     * Whether several `'message'`, `'ping'` and `'pong'` events may be emitted in one tick. If not,
     * each gets a macrotask of its own.
     *
     * @default true
     */
    allowSynchronousEvents?: boolean | undefined;
    /**
     * Whether pings are answered.
     *
     * @default true
     */
    autoPong?: boolean | undefined;
    /**
     * Connections that the operating system lets wait to be accepted.
     *
     * @default 511
     */
    backlog?: number | undefined;
    /**
     * Whether `server.clients` is kept.
     *
     * @default true
     */
    clientTracking?: boolean | undefined;
    /**
     * Milliseconds that the closing handshake may take before the connection is cut off.
     *
     * @default 30000
     */
    closeTimeout?: number | undefined;
    /**
     * Chooses a subprotocol of those that the client offers; false for none. It is not called if
     * there are none. Default: the first.
     */
    handleProtocols?:
      | ((protocols: Set<string>, request: InstanceType<V>) => string | false)
      | undefined;
    /**
     * Milliseconds that a `verifyClient` with a callback may take to call it; then the request is
     * answered with 503, and the callback does nothing. 0: any time. ws has it for clients only.
     *
     * @default 0
     */
    handshakeTimeout?: number | undefined;
    /** The address to listen on. Default: all of them. */
    host?: string | undefined;
    /**
     * Reads that one frame may take; beyond, the connection is closed with 1008. 0: any number.
     *
     * @default 262144
     */
    maxBufferedChunks?: number | undefined;
    /**
     * Connections that the server may have at a time, those in the opening handshake included;
     * beyond, requests are answered with 503. 0: any number. ws has no such option.
     *
     * @default 0
     */
    maxConnections?: number | undefined;
    /**
     * Connections that the server may have at a time of one remote address, that of the socket;
     * beyond, requests are answered with 503. Behind a proxy all have the address of the proxy; on a
     * Unix domain socket they have none, and are not limited. 0: any number. ws has no such option.
     *
     * @default 0
     */
    maxConnectionsPerIp?: number | undefined;
    /**
     * Fragments that a message may have; beyond, the connection is closed with 1008. 0: any number.
     *
     * @default 16384
     */
    maxFragments?: number | undefined;
    /**
     * Bytes that a message may have; beyond, the connection is closed with 1009. 0: any number.
     *
     * @default 104857600 (100 MiB)
     */
    maxPayload?: number | undefined;
    /**
     * Answers to pings that may wait to be written; beyond, the connection is cut off. 0: any
     * number.
     *
     * @default 60
     */
    maxPendingAutoPongs?: number | undefined;
    /**
     * Whether the server has no http server, and `handleUpgrade()` is called by the program.
     *
     * @default false
     */
    noServer?: boolean | undefined;
    /** The only path that is accepted. Default: every path. */
    path?: string | undefined;
    /**
     * Whether permessage-deflate is accepted, and how; then messages are compressed for clients that
     * offer it.
     *
     * @default false
     */
    perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined;
    /** The port to listen on, with an http server of its own; 0: any free one. Default: none. */
    port?: number | undefined;
    /** The http or https server of which upgrade requests are handled. Default: none. */
    server?: HTTPServer<V> | HTTPSServer<V> | undefined;
    /**
     * Whether text and close reasons are taken without a check that they are UTF-8.
     *
     * @default false
     */
    skipUTF8Validation?: boolean | undefined;
    /**
     * How the bytes of the connections are moved. ws has no such option.
     *
     * @default 'auto'
     */
    transport?: Transport | undefined;
    /** Says whether a request is accepted. Default: every request is. */
    verifyClient?:
      | VerifyClientCallbackAsync<InstanceType<V>>
      | VerifyClientCallbackSync<InstanceType<V>>
      | undefined;
    /** The class of the connections. Default: `WebSocket`. */
    WebSocket?: U | undefined;
  }

  interface AddressInfo {
    address: string;
    family: string;
    port: number;
  }

  /** A WebSocket server. */
  class Server<
    T extends typeof WebSocket.WebSocket = typeof WebSocket.WebSocket,
    U extends typeof IncomingMessage = typeof IncomingMessage
  > extends EventEmitter {
    /** The options, with their defaults. */
    options: ServerOptions<T, U>;
    /** Not set; it is here because ws's types have it. Use `options.path`. */
    path: string;
    /** The open connections; undefined if `clientTracking` is false. */
    clients: Set<InstanceType<T>>;

    /**
     * @param callback A listener for `'listening'` of the internal http server
     * @throws {TypeError} Unless exactly one of `port`, `server` and `noServer` is given
     */
    constructor(options?: ServerOptions<T, U>, callback?: () => void);

    /**
     * The address that the server listens on; the path of a Unix socket; null if it does not listen.
     *
     * @throws {Error} In `noServer` mode
     */
    address(): AddressInfo | string | null;
    /**
     * Accepts no more connections. Those that are open, and a server given by `server`, are left
     * alone.
     *
     * @param cb Called when the server is closed, with an error if it was already
     */
    close(cb?: (err?: Error) => void): void;
    /**
     * Handles an upgrade request, in `noServer` mode. The socket may be any `Duplex`.
     *
     * @param callback Called with the connection if the request was accepted
     * @throws {Error} If the socket was upgraded already
     */
    handleUpgrade(
      request: InstanceType<U>,
      socket: Duplex,
      upgradeHead: Buffer,
      callback: (client: InstanceType<T>, request: InstanceType<U>) => void
    ): void;
    /** Says whether a request is for this server; may be overridden. Default: by `path`. */
    shouldHandle(request: InstanceType<U>): boolean | Promise<boolean>;

    on<K extends keyof ServerEvents<any, any>>(
      event: K,
      listener: (
        this: Server<T>,
        ...args: ServerEvents<InstanceType<T>, InstanceType<U>>[K]
      ) => void
    ): this;
    on(
      event: string | symbol,
      listener: (this: Server<T>, ...args: any[]) => void
    ): this;
    once<K extends keyof ServerEvents<any, any>>(
      event: K,
      listener: (
        this: Server<T>,
        ...args: ServerEvents<InstanceType<T>, InstanceType<U>>[K]
      ) => void
    ): this;
    once(
      event: string | symbol,
      listener: (this: Server<T>, ...args: any[]) => void
    ): this;
    off<K extends keyof ServerEvents<any, any>>(
      event: K,
      listener: (
        this: Server<T>,
        ...args: ServerEvents<InstanceType<T>, InstanceType<U>>[K]
      ) => void
    ): this;
    off(
      event: string | symbol,
      listener: (this: Server<T>, ...args: any[]) => void
    ): this;
    addListener<K extends keyof ServerEvents<any, any>>(
      event: K,
      listener: (
        ...args: ServerEvents<InstanceType<T>, InstanceType<U>>[K]
      ) => void
    ): this;
    addListener(
      event: string | symbol,
      listener: (...args: any[]) => void
    ): this;
    removeListener<K extends keyof ServerEvents<any, any>>(
      event: K,
      listener: (
        ...args: ServerEvents<InstanceType<T>, InstanceType<U>>[K]
      ) => void
    ): this;
    removeListener(
      event: string | symbol,
      listener: (...args: any[]) => void
    ): this;
  }

  const WebSocketServer: typeof Server;
  interface WebSocketServer<
    T extends typeof WebSocket.WebSocket = typeof WebSocket.WebSocket,
    U extends typeof IncomingMessage = typeof IncomingMessage
  > extends Server<T, U> {}
  const WebSocket: typeof WebSocketAlias;
  interface WebSocket extends WebSocketAlias {}

  /**
   * Wraps a connection in a stream: each message that arrives becomes a chunk, and each chunk that
   * is written a message. That is binary, unless `decodeStrings` is false and the chunk a string. A
   * reader that stops pauses the connection.
   *
   * @param options Those of the `Duplex`. `autoDestroy`, `emitClose`, `objectMode` and
   *     `writableObjectMode` are always false; with `readableObjectMode` text is read as strings.
   */
  function createWebSocketStream(
    websocket: WebSocket,
    options?: DuplexOptions
  ): Duplex;

  /** The arguments of a receiver's events. */
  interface ReceiverEvents {
    /** A close frame, without a code 1005. */
    conclude: [code: number, reason: Buffer];
    message: [data: RawData, isBinary: boolean];
    ping: [data: Buffer];
    pong: [data: Buffer];
  }

  interface ReceiverOptions {
    /**
     * Whether several events may be emitted in one tick.
     *
     * @default true
     */
    allowSynchronousEvents?: boolean | undefined;
    /**
     * What binary messages are given as.
     *
     * @default 'nodebuffer'
     */
    binaryType?:
      'nodebuffer' | 'arraybuffer' | 'fragments' | 'blob' | undefined;
    /**
     * The extensions that were agreed on, by their names: `permessage-deflate` is a
     * `PerMessageDeflate`. Default: none.
     */
    extensions?: { [name: string]: unknown } | undefined;
    /**
     * Whether frames have to be masked, as those of clients are.
     *
     * @default false
     */
    isServer?: boolean | undefined;
    /**
     * Chunks that one frame may take; 0: any number.
     *
     * @default 0
     */
    maxBufferedChunks?: number | undefined;
    /**
     * Fragments that a message may have; 0: any number.
     *
     * @default 0
     */
    maxFragments?: number | undefined;
    /**
     * Bytes that a message may have; 0: any number.
     *
     * @default 0
     */
    maxPayload?: number | undefined;
    /**
     * Whether text and close reasons are taken without a check that they are UTF-8.
     *
     * @default false
     */
    skipUTF8Validation?: boolean | undefined;
  }

  /** Decodes the frames that are written to it, for programs that have a transport of their own. */
  class Receiver extends Writable {
    constructor(options?: ReceiverOptions);

    on<K extends keyof ReceiverEvents>(
      event: K,
      listener: (this: Receiver, ...args: ReceiverEvents[K]) => void
    ): this;
    on(
      event: string | symbol,
      listener: (this: Receiver, ...args: any[]) => void
    ): this;
    once<K extends keyof ReceiverEvents>(
      event: K,
      listener: (this: Receiver, ...args: ReceiverEvents[K]) => void
    ): this;
    once(
      event: string | symbol,
      listener: (this: Receiver, ...args: any[]) => void
    ): this;
  }

  interface FrameOptions {
    /** The opcode: 1 for text, 2 for binary, 8 close, 9 ping, 10 pong. */
    opcode: number;
    /**
     * Whether it is the last frame of its message.
     *
     * @default false
     */
    fin?: boolean | undefined;
    /** Fills a `Buffer` of four bytes with the masking key. Default: random bytes. */
    generateMask?: ((mask: Buffer) => void) | undefined;
    /**
     * Whether it is masked.
     *
     * @default false
     */
    mask?: boolean | undefined;
    /** A `Buffer` of four bytes for the masking key. Default: one that all senders share. */
    maskBuffer?: Buffer | undefined;
    /**
     * Whether the payload must not be changed: it is copied to be masked.
     *
     * @default false
     */
    readOnly?: boolean | undefined;
    /**
     * Whether the RSV1 bit is set.
     *
     * @default false
     */
    rsv1?: boolean | undefined;
  }

  /** Encodes frames and writes them to a stream. */
  class Sender {
    /**
     * @param socket Where the frames are written
     * @param extensions The extensions that were agreed on, by their names: `permessage-deflate` is
     *     a `PerMessageDeflate`. Default: none
     * @param generateMask Fills a `Buffer` of four bytes with the masking key. Default: random bytes
     */
    constructor(
      socket: Duplex,
      extensions?: { [name: string]: unknown },
      generateMask?: (mask: Buffer) => void
    );

    /**
     * Frames a payload (RFC 6455 §5.2). With `mask` it is masked in place, unless it is `readOnly`.
     *
     * @returns The header, and the payload unless it is empty
     */
    static frame(
      data: Buffer | string,
      options: FrameOptions
    ): Array<Buffer | string>;

    /** Sends a close frame. */
    close(
      code?: number,
      data?: string | Buffer,
      mask?: boolean,
      cb?: (err?: Error) => void
    ): void;
    /** Sends a ping of at most 125 bytes. */
    ping(data: any, mask?: boolean, cb?: (err?: Error) => void): void;
    /** Sends a pong of at most 125 bytes. */
    pong(data: any, mask?: boolean, cb?: (err?: Error) => void): void;
    /** Sends a message, or a fragment of one. No option has a default other than false. */
    send(
      data: BufferLike,
      options: SendOptions,
      cb?: (err?: Error) => void
    ): void;
    /** Writes what `Sender.frame()` returned. */
    sendFrame(
      list: ReadonlyArray<Buffer | string>,
      cb?: (err?: Error) => void
    ): void;
  }

  /**
   * permessage-deflate for one connection: what was agreed on, and a codec for programs that have a
   * transport of their own.
   */
  class PerMessageDeflate {
    /** The name in the `Sec-WebSocket-Extensions` header. */
    static readonly extensionName: string;
    /** What was agreed on; null before. */
    params: PerMessageDeflateParameters | null;

    /**
     * @param options Also whether it is the server's, and the bytes that a frame may have when it is
     *     decompressed (0: any number)
     * @throws {TypeError | RangeError} If an option cannot be honoured
     */
    constructor(
      options?: PerMessageDeflateOptions & {
        isServer?: boolean | undefined;
        maxPayload?: number | undefined;
      }
    );

    /** Makes the parameters of a client's offer. */
    offer(): PerMessageDeflateParameters;
    /**
     * Accepts a client's offers, or a server's response, as `extension.parse()` gives them. The one
     * that is accepted is changed and returned.
     *
     * @throws {Error | TypeError} If they are invalid or not acceptable
     */
    accept(configurations: ExtensionParameters[]): PerMessageDeflateParameters;
    /** Compresses a frame's payload; `fin`: it is the last of its message. */
    compress(
      data: Buffer | string,
      fin: boolean,
      callback: (err: Error | null, data?: Buffer) => void
    ): void;
    /** Decompresses a frame's payload; `fin`: it is the last of its message. */
    decompress(
      data: Buffer,
      fin: boolean,
      callback: (err: Error | null, data?: Buffer) => void
    ): void;
    /** Forgets the contexts. What was not told yet ends with an error. */
    cleanup(): void;
  }

  /** The parameters of one offer of an extension; a flag is `true`. */
  type ExtensionParameters = Record<string, Array<string | true>>;

  /** The `Sec-WebSocket-Extensions` header (RFC 6455 §9.1). */
  const extension: {
    /**
     * Parses the header: for each extension its offers, in each the values of each parameter.
     *
     * @throws {SyntaxError} If it is malformed
     */
    parse(header: string): Record<string, ExtensionParameters[]>;
    /** Makes the header's value; the reverse of `parse()`. */
    format(
      extensions: Record<
        string,
        | Record<string, string | number | true | Array<string | number | true>>
        | Array<
            Record<
              string,
              string | number | true | Array<string | number | true>
            >
          >
      >
    ): string;
  };

  /** The `Sec-WebSocket-Protocol` header. */
  const subprotocol: {
    /**
     * Parses the header.
     *
     * @throws {SyntaxError} If it is malformed or names a subprotocol twice
     */
    parse(header: string): Set<string>;
  };
}

export = WebSocket;

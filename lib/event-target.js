'use strict';

const { kForOnEventAttribute, kListener } = require('./constants');

const kTarget = Symbol('kTarget');

/** Makes accessors of a class enumerable, as those of the DOM are. */
function enumerable(Class, ...names) {
  for (const name of names) {
    Object.defineProperty(Class.prototype, name, { enumerable: true });
  }
}

/** An event. */
class Event {
  #type;

  /**
   * @param {String} type Its name
   */
  constructor(type) {
    this[kTarget] = null;
    this.#type = type;
  }

  /** @type {*} */
  get target() {
    return this[kTarget];
  }

  /** @type {String} */
  get type() {
    return this.#type;
  }
}

/** The connection was closed. */
class CloseEvent extends Event {
  #code;
  #reason;
  #wasClean;

  /**
   * @param {String} type Its name
   * @param {Object} [options]
   * @param {Number} [options.code=0] The status code
   * @param {String} [options.reason=''] The reason
   * @param {Boolean} [options.wasClean=false] Whether both sides sent a close frame
   */
  constructor(type, { code = 0, reason = '', wasClean = false } = {}) {
    super(type);
    this.#code = code;
    this.#reason = reason;
    this.#wasClean = wasClean;
  }

  /** @type {Number} */
  get code() {
    return this.#code;
  }

  /** @type {String} */
  get reason() {
    return this.#reason;
  }

  /** @type {Boolean} */
  get wasClean() {
    return this.#wasClean;
  }
}

/** Something failed. */
class ErrorEvent extends Event {
  #error;
  #message;

  /**
   * @param {String} type Its name
   * @param {Object} [options]
   * @param {*} [options.error=null] What failed
   * @param {String} [options.message=''] The error's message
   */
  constructor(type, { error = null, message = '' } = {}) {
    super(type);
    this.#error = error;
    this.#message = message;
  }

  /** @type {*} */
  get error() {
    return this.#error;
  }

  /** @type {String} */
  get message() {
    return this.#message;
  }
}

/** A message arrived. */
class MessageEvent extends Event {
  #data;

  /**
   * @param {String} type Its name
   * @param {Object} [options]
   * @param {*} [options.data=null] The message
   */
  constructor(type, { data = null } = {}) {
    super(type);
    this.#data = data;
  }

  /** @type {*} */
  get data() {
    return this.#data;
  }
}

enumerable(Event, 'target', 'type');
enumerable(CloseEvent, 'code', 'reason', 'wasClean');
enumerable(ErrorEvent, 'error', 'message');
enumerable(MessageEvent, 'data');

/** For each type, what makes its event from the arguments of the emitted one. */
const MAKERS = {
  __proto__: null,
  open: () => new Event('open'),
  message: (websocket, data, isBinary) =>
    new MessageEvent('message', { data: isBinary ? data : data.toString() }),
  close: (websocket, code, reason) =>
    new CloseEvent('close', {
      code,
      reason: reason.toString(),
      wasClean: websocket._closeFrameReceived && websocket._closeFrameSent
    }),
  error: (websocket, error) =>
    new ErrorEvent('error', { error, message: error.message })
};

/** Calls a handler as the DOM does. */
function callHandler(handler, websocket, event) {
  event[kTarget] = websocket;

  if (typeof handler === 'object' && handler.handleEvent) {
    handler.handleEvent(event);
  } else {
    handler.call(websocket, event);
  }
}

/** The part of the DOM's `EventTarget` that a `WebSocket` offers beside `EventEmitter`. */
const EventTarget = {
  /**
   * Adds a handler, unless it was added before or the type is not one of `open`, `message`,
   * `close` and `error`.
   *
   * @param {String} type The name of the event
   * @param {(Function|Object)} handler A function, or an object with `handleEvent()`
   * @param {Object} [options]
   * @param {Boolean} [options.once=false] Whether it is called at most once
   * @public
   */
  addEventListener(type, handler, options = {}) {
    const forAttribute = Boolean(options[kForOnEventAttribute]);
    const make = MAKERS[type];

    if (make === undefined) return;

    if (!forAttribute) {
      for (const listener of this.listeners(type)) {
        if (
          listener[kListener] === handler &&
          !listener[kForOnEventAttribute]
        ) {
          return;
        }
      }
    }

    const listener = function (first, second) {
      callHandler(handler, this, make(this, first, second));
    };

    listener[kForOnEventAttribute] = forAttribute;
    listener[kListener] = handler;

    if (options.once) this.once(type, listener);
    else this.on(type, listener);
  },

  /**
   * Removes a handler that `addEventListener()` added.
   *
   * @param {String} type The name of the event
   * @param {(Function|Object)} handler The handler
   * @public
   */
  removeEventListener(type, handler) {
    for (const listener of this.listeners(type)) {
      if (listener[kListener] === handler && !listener[kForOnEventAttribute]) {
        this.removeListener(type, listener);
        break;
      }
    }
  }
};

/**
 * Gives a class `addEventListener()`, `removeEventListener()` and the `on<event>` attributes.
 *
 * @param {Function} Class A class that extends `EventEmitter`
 */
function mixIn(Class) {
  Object.assign(Class.prototype, EventTarget);

  for (const type of Object.keys(MAKERS)) {
    Object.defineProperty(Class.prototype, `on${type}`, {
      configurable: true,
      enumerable: true,
      get() {
        for (const listener of this.listeners(type)) {
          if (listener[kForOnEventAttribute]) return listener[kListener];
        }

        return null;
      },
      set(handler) {
        for (const listener of this.listeners(type)) {
          if (listener[kForOnEventAttribute]) {
            this.removeListener(type, listener);
            break;
          }
        }

        if (typeof handler !== 'function') return;
        this.addEventListener(type, handler, { [kForOnEventAttribute]: true });
      }
    });
  }
}

module.exports = { CloseEvent, ErrorEvent, Event, MessageEvent, mixIn };

'use strict';

/** Items before which an array is not worth being shortened. */
const LEAST_UNUSED = 64;

/** First in, first out, in constant time each. */
class Queue {
  constructor() {
    this._items = [];
    this._next = 0;
  }

  get isEmpty() {
    return this._next === this._items.length;
  }

  get length() {
    return this._items.length - this._next;
  }

  /** The item that is next, if there is one. */
  get first() {
    return this._items[this._next];
  }

  push(item) {
    this._items.push(item);
  }

  shift() {
    const item = this._items[this._next];

    this._items[this._next++] = undefined;

    if (this._next >= LEAST_UNUSED && this._next * 2 >= this._items.length) {
      this._items = this._items.slice(this._next);
      this._next = 0;
    }

    return item;
  }
}

module.exports = Queue;

'use strict';

const { Incoming } = require('./incoming');
const { body, KIND, make, size } = require('./message');
const { Answers, Sequence } = require('./tally');

const LEFT = 4000;
const KICKED = 4001;

/** Milliseconds in which a client that wants to leave must have left. */
const PATIENCE = 60_000;
/** Answers that a client has to wait for at most, and bytes that it has to write. */
const MAX_AWAITED = 16;
const MAX_BUFFERED = 1024 * 1024;
/** A broadcast goes to many. */
const MAX_BROADCAST = 4096;

/** How a client leaves, and how often. */
const WAYS = [
  // When all is answered; the server hears how many messages it must have.
  ['close', 0.5],
  // It asks the server to close, and hears how many messages it must have.
  ['kick', 0.25],
  // In the middle of everything.
  ['terminate', 0.15],
  ['reset', 0.1]
];

/** A client that behaves, until it leaves. */
class Client {
  /**
   * @param {WebSocket} ws A new client
   * @param {Tally} tally Where to write what is wrong
   * @param {Object} counts Of messages and bytes
   * @param {String} name What is said of it
   * @param {Function} gone Called when it has left
   */
  constructor(ws, tally, counts, name, gone) {
    this._ws = ws;
    this._tally = tally;
    this._counts = counts;
    this._name = name;
    this._gone = gone;
    this._way = pick(WAYS);
    this._incoming = new Incoming(tally, name);
    this._echoes = new Answers(tally, `${name}, echoes`);
    this._pongs = new Answers(tally, `${name}, pongs`);
    this._broadcasts = null;
    this._sent = 0;
    this._pings = 0;
    this._pausing = null;
    this._deadline = null;
    this._closing = false;
    this._abrupt = false;

    ws.on('open', () => {
      if (this._deadline !== null) this._go();
    });
    ws.on('message', (data) => this._onMessage(data));
    ws.on('pong', (data) => {
      this._pongs.arrived(data.toString());
      this._leaveIfAnswered();
    });
    ws.on('error', (error) => this._unexpected(error.message));
    ws.on('close', (code, reason) => this._onClose(code, reason));
  }

  get isOpen() {
    return this._ws.readyState === this._ws.OPEN && this._deadline === null;
  }

  /** Does one thing. */
  act() {
    if (!this.isOpen || this._ws.bufferedAmount > MAX_BUFFERED) return;
    const dice = Math.random();

    if (dice < 0.03) this._ping();
    else if (dice < 0.032) this._pause();
    else if (dice < 0.045) this._send(KIND.BROADCAST, size() % MAX_BROADCAST);
    else if (dice < 0.35) this._send(KIND.SAY, size());
    else if (this._echoes.count < MAX_AWAITED) this._send(KIND.ECHO, size());
  }

  /** Leaves, in its own way; it may take a while. */
  leave() {
    if (this._deadline !== null) return;
    this._deadline = setTimeout(() => {
      this._unexpected(`has not left within ${PATIENCE} ms (${this._way})`);
      this._abrupt = true;
      this._ws.terminate();
    }, PATIENCE);
    if (this._ws.readyState === this._ws.OPEN) this._go();
  }

  _go() {
    if (this._way === 'close') {
      this._leaveIfAnswered();
    } else if (this._way === 'kick') {
      this._send(KIND.KICK, 0);
    } else {
      this._abrupt = true;
      const socket = this._ws._socket;
      if (this._way === 'reset' && !socket.encrypted) socket.resetAndDestroy();
      else this._ws.terminate();
    }
  }

  _leaveIfAnswered() {
    const { _ws: ws } = this;
    if (this._deadline === null || this._closing) return;
    if (this._way !== 'close') return;
    if (this._echoes.count > 0 || this._pongs.count > 0) return;
    this._closing = true;
    ws.close(LEFT, String(this._sent));
  }

  _send(kind, length) {
    const { _ws: ws } = this;
    const binary = Math.random() < 0.5;
    const message = make(kind, this._sent++, body(length, !binary));

    if (kind === KIND.ECHO) this._echoes.expect(this._sent - 1);
    if (kind !== KIND.ECHO || Math.random() > 0.1) {
      ws.send(message, { binary });
    } else {
      const third = Math.ceil(message.length / 3);
      const options = { binary, fin: false };
      ws.send(message.subarray(0, third), options);
      ws.send(message.subarray(third, 2 * third), options);
      ws.send(message.subarray(2 * third), { binary, fin: true });
    }
  }

  _ping() {
    const payload = `ping ${this._pings++}`;
    this._pongs.expect(payload);
    this._ws.ping(payload);
  }

  /** Reads nothing for a while. */
  _pause() {
    if (this._pausing !== null) return;
    this._ws.pause();
    this._pausing = setTimeout(
      () => {
        this._pausing = null;
        this._ws.resume();
      },
      500 + Math.random() * 2500
    );
  }

  _onMessage(data) {
    const { kind, number } = this._incoming.take(data);
    this._counts.messages++;
    this._counts.bytes += data.length;

    if (kind === KIND.ECHO) {
      this._echoes.arrived(number);
      this._leaveIfAnswered();
    } else if (kind === KIND.ROOM && this._broadcasts !== null) {
      this._broadcasts.arrived(number);
    } else if (kind === KIND.WELCOME && this._broadcasts === null) {
      const name = `${this._name}, broadcasts`;
      this._broadcasts = new Sequence(this._tally, name, number);
    } else {
      this._unexpected(`message ${kind} ${number}`);
    }
  }

  _onClose(code, reason) {
    clearTimeout(this._deadline);
    clearTimeout(this._pausing);
    const expected = this._abrupt ? 1006 : this._code();

    if (code !== expected) {
      this._unexpected(`close ${code} ${reason} instead of ${expected}`);
    }
    if (!this._abrupt) {
      this._echoes.ended();
      this._pongs.ended();
    }
    this._broadcasts?.ended();
    this._incoming.ended();
    if (code === KICKED) this._compareCount(Number(reason));
    this._gone();
  }

  _code() {
    if (this._deadline === null) return 'none';
    return this._way === 'kick' ? KICKED : LEFT;
  }

  /** The server has said how many messages it has sent. */
  _compareCount(total) {
    const { count } = this._incoming;
    const note = `${this._name}: ${count} of ${total} messages`;
    if (count < total) this._tally.add('lost', note, total - count);
    if (count > total) this._tally.add('doubled', note, count - total);
  }

  _unexpected(note) {
    this._tally.add('unexpected', `${this._name}: ${note}`);
  }
}

/** One of `[value, share]` by chance. */
function pick(choices) {
  let dice = Math.random();
  return choices.find(([, share]) => (dice -= share) < 0)?.[0] ?? choices[0][0];
}

module.exports = Client;

'use strict';

const Bucket = require('./bucket');
const {
  MAX_LINE_LENGTH,
  MAX_NAME_LENGTH,
  cleanName,
  parseMessage,
  parsePicture,
  stampPicture
} = require('./messages');

const HEARTBEAT_MS = 15_000;

// What one client may send. A camera needs about 320 kB and 4 messages a second.
const TEXT_PER_SECOND = 10;
const TEXT_BURST = 40;
const PICTURES_PER_SECOND = 30;
const PICTURES_BURST = 120;
const BYTES_PER_SECOND = 4 * 1024 * 1024;
const BYTES_BURST = 12 * 1024 * 1024;

// What may wait for one slow receiver, in bytes. Beyond the first figure it gets
// no pictures; text is never dropped, but whoever does not even take that is.
const MAX_WAITING_FOR_PICTURES = 1024 * 1024;
const MAX_WAITING = 4 * 1024 * 1024;

// How often a sender is asked to start a new recording, and how long a receiver
// that was too slow must wait before one is asked for on its behalf.
const RESTART_INTERVAL_MS = 1000;
const SLOW_PENALTY_MS = 3000;

const OPEN = 1;

/** One connected client. Its id and name are the server's word, never its own. */
class Member {
  constructor(id, ws) {
    this.id = id;
    this.ws = ws;
    this.name = '';
    this.camera = null;
    this.isAlive = true;
    // Ids of the senders whose current recording it has had from the start.
    this.following = new Set();
    this.slowUntil = 0;
    this.askedToRestartAt = -Infinity;
    this.text = new Bucket(TEXT_PER_SECOND, TEXT_BURST);
    this.pictures = new Bucket(PICTURES_PER_SECOND, PICTURES_BURST);
    this.bytes = new Bucket(BYTES_PER_SECOND, BYTES_BURST);
  }

  /** Whether it could take up a new recording now. */
  hasRoom() {
    const isIdle = this.ws.bufferedAmount < MAX_WAITING_FOR_PICTURES / 4;
    return isIdle && performance.now() >= this.slowUntil;
  }

  describe() {
    return { id: this.id, name: this.name, camera: this.camera };
  }
}

/**
 * Everybody who is connected. Text goes to all, pictures to all but their sender.
 *
 * WebM can only be played from the start of a recording. A receiver therefore
 * *follows* a sender from a picture with the start flag on, and ceases to when
 * one has to be left out. While it follows a sender not (it has just joined, or
 * was too slow) and has room, that sender is asked for a new recording; senders
 * also begin one every few seconds by themselves.
 */
module.exports = class Room {
  constructor() {
    this._members = new Map();
    this._lastId = 0;
    this._heartbeat = setInterval(() => this._beat(), HEARTBEAT_MS);
    this._heartbeat.unref();
  }

  join(ws, name) {
    const member = new Member(++this._lastId, ws);

    member.name = this._freeName(cleanName(name) || `Guest ${member.id}`);

    ws.on('message', (data, isBinary) => {
      // What was under way when this side closed is of no interest.
      if (ws.readyState !== OPEN) return;
      if (isBinary) this._onPicture(member, data);
      else this._onText(member, data);
    });
    ws.on('pong', () => {
      member.isAlive = true;
    });
    ws.on('error', () => {}); // 'close' follows.
    ws.on('close', () => this._leave(member));

    this._broadcast({ type: 'joined', person: member.describe() });
    this._members.set(member.id, member);
    this._send(member, {
      type: 'welcome',
      id: member.id,
      people: Array.from(this._members.values(), (other) => other.describe()),
      limits: { name: MAX_NAME_LENGTH, line: MAX_LINE_LENGTH }
    });
  }

  close() {
    clearInterval(this._heartbeat);
  }

  _leave(member) {
    this._members.delete(member.id);

    for (const other of this._members.values()) {
      other.following.delete(member.id);
    }

    this._broadcast({ type: 'left', id: member.id });
  }

  _onText(member, data) {
    if (!member.text.take(1)) {
      member.ws.close(1008, 'Too many messages');
      return;
    }

    const message = parseMessage(data);

    if (message === null) {
      member.ws.close(1008, 'Not a message of this relay');
      return;
    }

    const { id } = member;

    switch (message.type) {
      case 'chat':
        this._broadcast({
          type: 'chat',
          id,
          name: member.name,
          text: message.text,
          time: Date.now()
        });
        break;
      case 'name':
        member.name = this._freeName(message.name, member);
        this._broadcast({ type: 'renamed', id, name: member.name });
        break;
      case 'camera':
        member.camera = message.camera;
        for (const other of this._members.values()) other.following.delete(id);
        this._broadcast({ type: 'camera', id, camera: member.camera });
        break;
      case 'refresh':
        member.following.delete(message.id);
        break;
      case 'ping':
        this._send(member, { type: 'pong', at: message.at });
        break;
    }
  }

  _onPicture(member, data) {
    if (!member.pictures.take(1) || !member.bytes.take(data.length)) {
      member.ws.close(1008, 'Too many pictures');
      return;
    }

    const picture = parsePicture(data);

    if (picture === null || member.camera === null) {
      member.ws.close(1008, 'Not a picture of this relay');
      return;
    }

    stampPicture(data, member.id);

    let isMissed = false;

    for (const other of this._members.values()) {
      if (other === member || other.ws.readyState !== OPEN) continue;
      if (this._relay(member, other, data, picture.isStart)) continue;
      if (other.hasRoom()) isMissed = true;
    }

    if (isMissed) this._askForStart(member);
  }

  /** Returns whether `to` follows `from`, and then has been sent the picture. */
  _relay(from, to, data, isStart) {
    if (!isStart && !to.following.has(from.id)) return false;

    if (to.ws.bufferedAmount > MAX_WAITING_FOR_PICTURES) {
      to.following.delete(from.id);
      to.slowUntil = performance.now() + SLOW_PENALTY_MS;
      return false;
    }

    if (isStart) to.following.add(from.id);
    to.ws.send(data, { binary: true });
    return true;
  }

  _askForStart(sender) {
    const now = performance.now();

    if (now - sender.askedToRestartAt < RESTART_INTERVAL_MS) return;

    sender.askedToRestartAt = now;
    this._send(sender, { type: 'restart' });
  }

  _broadcast(message) {
    const text = JSON.stringify(message);

    for (const member of this._members.values()) this._sendText(member, text);
  }

  _send(member, message) {
    this._sendText(member, JSON.stringify(message));
  }

  _sendText({ ws }, text) {
    if (ws.readyState !== OPEN) return;

    if (ws.bufferedAmount > MAX_WAITING) ws.terminate();
    else ws.send(text);
  }

  /** Returns `name`, or "name (2)" and so on while somebody else is called so. */
  _freeName(name, member) {
    const taken = new Set();

    for (const other of this._members.values()) {
      if (other !== member) taken.add(fold(other.name));
    }

    for (let i = 1; ; i++) {
      const candidate = i === 1 ? name : `${name} (${i})`;
      if (!taken.has(fold(candidate))) return candidate;
    }
  }

  /** Drops those who have not answered the last ping; pings the others. */
  _beat() {
    for (const member of this._members.values()) {
      if (!member.isAlive) {
        member.ws.terminate();
      } else if (member.ws.readyState === OPEN) {
        member.isAlive = false;
        member.ws.ping();
      }
    }
  }
};

/** What two names that look alike have in common. */
function fold(name) {
  return name.normalize('NFKC').toLowerCase();
}

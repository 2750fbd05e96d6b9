// One person's picture, or their initials while they show none.

import { formatBytes } from './meter.js';
import { hueOf, initialsOf } from './person.js';
import { canPlay, Player } from './player.js';

const REPAIR_DELAY_MS = 1000;

export class Tile {
  element = document.createElement('li');
  #id;
  #refresh;
  #video = document.createElement('video');
  #avatar = document.createElement('span');
  #name = document.createElement('span');
  #facts = document.createElement('span');
  #player = null;
  #camera = null;
  #bytes = 0;
  #pieces = 0;
  #sampledAt = performance.now();

  /** `refresh(id)` asks the server for a new recording of this person. */
  constructor(person, { isSelf, refresh }) {
    this.#id = person.id;
    this.#refresh = refresh;

    this.element.className = 'tile';
    this.element.classList.toggle('self', isSelf);
    this.element.style.setProperty('--hue', hueOf(person.id));
    this.element.dataset.id = person.id;

    this.#video.muted = true;
    this.#video.autoplay = true;
    this.#video.playsInline = true;
    this.#video.disablePictureInPicture = true;
    // Which width the picture has, and so whether there is one yet.
    this.#video.addEventListener('resize', () => this.#update());
    this.#video.addEventListener('playing', () => this.#update());

    this.#avatar.className = 'avatar';
    this.#avatar.ariaHidden = 'true';
    this.#facts.className = 'facts';

    const caption = document.createElement('p');

    caption.className = 'caption';
    caption.append(this.#name, this.#facts);
    this.element.append(this.#avatar, this.#video, caption);

    this.rename(person.name, isSelf);
    this.setCamera(isSelf ? null : person.camera);
  }

  rename(name, isSelf = this.element.classList.contains('self')) {
    this.#name.textContent = isSelf ? `${name} (you)` : name;
    this.#avatar.textContent = initialsOf(name);
    this.#video.setAttribute(
      'aria-label',
      isSelf ? 'Your picture' : `Picture of ${name}`
    );
  }

  /** What is shown in one's own tile, which has nothing to receive. */
  setStream(stream, kind) {
    this.#camera = stream && kind;
    this.#video.srcObject = stream;
    this.#video.classList.toggle('mirrored', kind === 'camera');
    this.#update();
  }

  /** `type` is that of the recordings that will come, null where none will. */
  setCamera(type) {
    this.#closePlayer();
    this.#camera = type;

    if (type !== null && canPlay(type)) {
      this.#player = new Player(this.#video, type, () => this.#repair());
    }

    this.#update();
  }

  push(bytes, isStart) {
    this.#bytes += bytes.byteLength;
    this.#pieces++;
    this.#player?.push(bytes, isStart);
  }

  /** Shows what has come since the last time. */
  sample() {
    const now = performance.now();
    const perSecond = (this.#bytes * 1000) / (now - this.#sampledAt);
    const size = this.#bytes / (this.#pieces || 1);

    this.element.title = this.#pieces
      ? `${formatBytes(perSecond)}/s in messages of ${formatBytes(size)}`
      : '';
    this.#facts.textContent = this.#factsText(perSecond);
    this.#bytes = 0;
    this.#pieces = 0;
    this.#sampledAt = now;
  }

  close() {
    this.#closePlayer();
    this.#video.srcObject = null;
    this.element.remove();
  }

  #factsText(perSecond) {
    if (this.#camera === null) return '';
    if (this.#player === null && this.#video.srcObject === null)
      return 'cannot be played here';
    if (perSecond === 0) return this.#camera === 'test' ? 'test picture' : '';
    return `${formatBytes(perSecond)}/s`;
  }

  #repair() {
    this.#player = null;
    this.#update();

    setTimeout(() => {
      if (
        !this.element.isConnected ||
        this.#player !== null ||
        this.#camera === null
      )
        return;
      this.setCamera(this.#camera);
      this.#refresh(this.#id);
    }, REPAIR_DELAY_MS);
  }

  #closePlayer() {
    this.#player?.close();
    this.#player = null;
  }

  #update() {
    const isShown = this.#camera !== null && this.#video.videoWidth > 0;

    this.element.classList.toggle('live', isShown);
    this.element.classList.toggle('waiting', this.#camera !== null && !isShown);
  }
}

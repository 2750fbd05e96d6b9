// What this tab shows: the camera, a test picture, or nothing.

import { openTestPicture } from './test-picture.js';

const PATIENCE_MS = 2000;
const CAMERA = {
  audio: false,
  video: {
    width: { ideal: 640 },
    height: { ideal: 360 },
    frameRate: { ideal: 24, max: 30 }
  }
};

/**
 * Events:
 * - `stream`: `{ stream, kind }`, kind being camera, test or off;
 * - `note`: `{ text }`, something the user should know, or an empty text.
 */
export class PictureSource extends EventTarget {
  #hue;
  #stream = null;
  #attempt = 0;

  constructor(hue) {
    super();
    this.#hue = hue;
  }

  async choose(kind) {
    const attempt = ++this.#attempt;

    this.#emit('note', { text: '' });

    if (kind === 'camera') await this.#chooseCamera(attempt);
    else if (kind === 'test') this.#show(openTestPicture(this.#hue), 'test');
    else this.#show(null, 'off');
  }

  async #chooseCamera(attempt) {
    const isStale = () => attempt !== this.#attempt;
    // Nobody need look at an empty tile while the browser's question is open.
    const timer = setTimeout(() => {
      if (isStale()) return;
      this.#emit('note', {
        text: 'Waiting for the camera. Your browser may be asking you.'
      });
      if (this.#stream === null) this.#show(openTestPicture(this.#hue), 'test');
    }, PATIENCE_MS);

    try {
      const stream = await openCamera();

      if (isStale()) {
        stop(stream);
        return;
      }

      this.#emit('note', { text: '' });
      this.#show(stream, 'camera');
    } catch (err) {
      if (isStale()) return;
      this.#fallBack(reasonFor(err));
    } finally {
      clearTimeout(timer);
    }
  }

  #fallBack(reason) {
    this.#emit('note', { text: `${reason} A test picture is shown instead.` });
    this.#show(openTestPicture(this.#hue), 'test');
  }

  #show(stream, kind) {
    stop(this.#stream);
    this.#stream = stream;

    // Only a device ends by itself; stop() fires no event.
    stream?.getVideoTracks()[0].addEventListener('ended', () => {
      if (this.#stream === stream) this.#fallBack('The camera has gone.');
    });

    this.#emit('stream', { stream, kind });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

async function openCamera() {
  // Absent on pages that came over plain http from another machine.
  if (!navigator.mediaDevices) throw new DOMException('', 'SecurityError');

  return navigator.mediaDevices.getUserMedia(CAMERA);
}

function reasonFor(err) {
  switch (err.name) {
    case 'NotAllowedError':
      return 'The camera was refused.';
    case 'SecurityError':
      return 'The camera needs https or localhost.';
    case 'NotReadableError':
      return 'Another program holds the camera.';
    default:
      return 'There is no camera.';
  }
}

function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

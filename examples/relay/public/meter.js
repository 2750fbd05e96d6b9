// Counts messages and bytes, and shows how many pass in a second.

const HISTORY = 60;
const SVG = 'http://www.w3.org/2000/svg';

export class Meter {
  #in = { messages: 0, bytes: 0 };
  #out = { messages: 0, bytes: 0 };
  #gauges;
  #sampledAt = performance.now();

  /** `root` holds an element with `data-direction` for each of in and out. */
  constructor(root) {
    this.#gauges = [
      [this.#in, new Gauge(root.querySelector('[data-direction=in]'))],
      [this.#out, new Gauge(root.querySelector('[data-direction=out]'))]
    ];
    setInterval(() => this.#sample(), 1000);
  }

  countIn(bytes) {
    this.#in.messages++;
    this.#in.bytes += bytes;
  }

  countOut(bytes) {
    this.#out.messages++;
    this.#out.bytes += bytes;
  }

  #sample() {
    const now = performance.now();
    const seconds = (now - this.#sampledAt) / 1000;

    this.#sampledAt = now;

    for (const [counter, gauge] of this.#gauges) {
      gauge.show(counter.messages / seconds, counter.bytes / seconds);
      counter.messages = 0;
      counter.bytes = 0;
    }
  }
}

class Gauge {
  #bytes;
  #messages;
  #line;
  #area;
  #history = new Array(HISTORY).fill(0);

  constructor(root) {
    this.#bytes = root.querySelector('[data-bytes]');
    this.#messages = root.querySelector('[data-messages]');

    const svg = document.createElementNS(SVG, 'svg');

    svg.setAttribute('viewBox', `0 0 ${HISTORY - 1} 20`);
    svg.setAttribute('preserveAspectRatio', 'none');
    this.#area = svg.appendChild(document.createElementNS(SVG, 'polygon'));
    this.#line = svg.appendChild(document.createElementNS(SVG, 'polyline'));
    root.querySelector('.graph').append(svg);
  }

  show(messages, bytes) {
    const count = Math.round(messages);

    this.#bytes.textContent = `${formatBytes(bytes)}/s`;
    this.#messages.textContent = `${count} ${count === 1 ? 'message' : 'messages'}/s`;
    this.#history.shift();
    this.#history.push(bytes);
    this.#draw();
  }

  #draw() {
    const top = Math.max(...this.#history, 1024);
    const points = this.#history
      .map((bytes, x) => `${x},${(19 - (bytes / top) * 17).toFixed(2)}`)
      .join(' ');

    this.#line.setAttribute('points', points);
    this.#area.setAttribute('points', `0,20 ${points} ${HISTORY - 1},20`);
  }
}

export function formatBytes(bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  if (bytes < 999_500)
    return `${(bytes / 1000).toFixed(bytes < 9950 ? 1 : 0)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

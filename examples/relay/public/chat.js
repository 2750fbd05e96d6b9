// The chat. All text reaches the page as text, never as HTML.

import { hueOf } from './person.js';

const MAX_LINES = 200;
const NEAR_END_PIXELS = 60;

export class Chat {
  #lines = document.getElementById('lines');
  #form = document.getElementById('chat-form');
  #input = document.getElementById('line');
  #button = this.#form.querySelector('button');
  #isAtEnd = true;

  /** `send(text)` returns whether it could. */
  constructor(send) {
    // Whoever reads what was said before is not torn away by what comes.
    this.#lines.addEventListener('scroll', () => {
      const { scrollHeight, scrollTop, clientHeight } = this.#lines;
      this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PIXELS;
    });
    new ResizeObserver(() => this.#followEnd()).observe(this.#lines);

    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();

      const text = this.#input.value.trim();

      // What cannot be sent now stays where it is.
      if (text !== '' && send(text)) this.#input.value = '';
    });
  }

  setOpen(isOpen, maxLength) {
    this.#button.disabled = !isOpen;
    if (maxLength) this.#input.maxLength = maxLength;
  }

  addLine({ id, name, text, time }, isSelf) {
    const line = document.createElement('li');
    const author = document.createElement('b');
    const stamp = document.createElement('time');
    const body = document.createElement('p');
    const date = new Date(time);

    line.style.setProperty('--hue', hueOf(id));
    line.classList.toggle('own', isSelf);
    author.textContent = name;
    stamp.dateTime = date.toISOString();
    stamp.textContent = date.toLocaleTimeString([], {
      hour: '2-digit',
      minute: '2-digit'
    });
    body.dir = 'auto';
    body.textContent = text;
    line.append(author, stamp, body);
    this.#append(line);
  }

  /** Says what happened rather than what somebody said. */
  addEvent(text) {
    const line = document.createElement('li');

    line.className = 'event';
    line.textContent = text;
    this.#append(line);
  }

  #append(line) {
    this.#lines.append(line);
    while (this.#lines.childElementCount > MAX_LINES)
      this.#lines.firstElementChild.remove();
    this.#followEnd();
  }

  #followEnd() {
    if (this.#isAtEnd) this.#lines.scrollTop = this.#lines.scrollHeight;
  }
}

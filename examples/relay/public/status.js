// Says how the connection is doing.

export class Status {
  #root = document.getElementById('status');
  #text = this.#root.querySelector('[data-text]');
  // Apart from the text, which is read aloud whenever it changes.
  #countdown = this.#root.querySelector('[data-countdown]');
  #retry = document.getElementById('retry');
  #latency = document.getElementById('latency');
  #wasLost = false;
  #timer = 0;

  constructor(onRetry) {
    this.#retry.addEventListener('click', onRetry);
  }

  show({ state, retryAt }) {
    clearInterval(this.#timer);
    this.#wasLost = state === 'waiting' || (this.#wasLost && state !== 'open');
    this.#root.dataset.state = this.#wasLost ? 'lost' : state;
    this.#retry.hidden = !this.#wasLost;
    this.#retry.disabled = state === 'connecting';
    this.#countdown.textContent = '';

    if (state === 'open') {
      this.#say('Connected');
      return;
    }

    this.#latency.textContent = '';
    this.#say(this.#wasLost ? 'Connection lost. Reconnecting' : 'Connecting');

    if (state === 'waiting') {
      this.#countDown(retryAt);
      this.#timer = setInterval(() => this.#countDown(retryAt), 1000);
    } else {
      this.#countdown.textContent = '…';
    }
  }

  showLatency(ms) {
    this.#latency.textContent = `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  }

  #say(text) {
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }

  #countDown(retryAt) {
    const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));

    this.#countdown.textContent = ` in ${seconds} s`;
  }
}

// Who is connected: the list, and a tile for each.

import { hueOf } from './person.js';
import { Tile } from './tile.js';

export class People {
  #selfId = 0;
  #people = new Map();
  #list = document.getElementById('people');
  #tiles = document.getElementById('tiles');
  #count = document.getElementById('count');
  #invite = document.getElementById('invite');
  #offline = document.getElementById('offline');
  #refresh;

  /** `refresh(id)` asks the server for a new recording of somebody. */
  constructor(refresh) {
    this.#refresh = refresh;
    setInterval(() => {
      for (const { tile } of this.#people.values()) tile.sample();
    }, 1000);
  }

  get self() {
    return this.#people.get(this.#selfId);
  }

  nameOf(id) {
    return this.#people.get(id)?.name ?? 'Somebody';
  }

  /** All people anew: one's own id is another after each connection. */
  reset(selfId, people) {
    this.clear();
    this.#selfId = selfId;

    // Oneself first.
    for (const person of people) if (person.id === selfId) this.add(person);
    for (const person of people) if (person.id !== selfId) this.add(person);
  }

  clear() {
    for (const id of Array.from(this.#people.keys())) this.remove(id);
  }

  add(person) {
    const isSelf = person.id === this.#selfId;
    const tile = new Tile(person, { isSelf, refresh: this.#refresh });
    const item = document.createElement('li');
    const name = document.createElement('span');
    const number = document.createElement('small');

    item.style.setProperty('--hue', hueOf(person.id));
    item.dataset.id = person.id;
    name.className = 'name';
    number.textContent = isSelf ? 'you' : `#${person.id}`;
    item.append(name, number);

    this.#people.set(person.id, {
      id: person.id,
      name: person.name,
      item,
      nameElement: name,
      tile
    });
    this.#list.append(item);
    this.#tiles.append(tile.element);
    this.rename(person.id, person.name);
    this.setCamera(person.id, person.camera);
    this.#update();
  }

  remove(id) {
    const person = this.#people.get(id);

    if (person === undefined) return;

    person.item.remove();
    person.tile.close();
    this.#people.delete(id);
    this.#update();
  }

  rename(id, name) {
    const person = this.#people.get(id);

    if (person === undefined) return;

    person.name = name;
    person.nameElement.textContent = name;
    person.tile.rename(name);
  }

  setCamera(id, camera) {
    const person = this.#people.get(id);

    if (person === undefined) return;

    person.item.classList.toggle('live', camera !== null);
    if (id !== this.#selfId) person.tile.setCamera(camera);
  }

  pushPicture({ id, bytes, isStart }) {
    this.#people.get(id)?.tile.push(bytes, isStart);
  }

  #update() {
    const { size } = this.#people;

    this.#count.textContent = size;
    this.#invite.hidden = size !== 1;
    this.#offline.hidden = size !== 0;
    this.#tiles.dataset.count = size;
  }
}

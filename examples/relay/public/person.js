// How a person looks: the same in each tab, from what the server has given out.

/** A colour's hue, well apart for ids that follow each other. */
export function hueOf(id) {
  return Math.round((18 + id * 137.508) % 360);
}

/** One or two letters. */
export function initialsOf(name) {
  const words = name.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  const initials = words.map((word) => Array.from(word)[0]);

  return (
    initials.length > 1 ? initials[0] + initials.at(-1) : (initials[0] ?? '?')
  ).toUpperCase();
}

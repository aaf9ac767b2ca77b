/** Text without end, the same every time: words of a Zipf-like vocabulary, a dozen to a memory. */
export function* sentences(seed: number): Generator<string, never> {
  const random = generator(seed);
  for (;;) {
    const words = Array.from({ length: 6 + Math.floor(random() * 12) }, () => {
      // Inverse-power rank: a few words everywhere, most of them rare.
      const rank = Math.floor(vocabulary.length ** random()) - 1;
      return vocabulary[rank] ?? "bee";
    });
    yield words.join(" ");
  }
}

const syllables = "ba ce di fo gu la me ni po ru sa te vi wo zu".split(" ");

const vocabulary: readonly string[] = Array.from({ length: 30_000 }, (_, index) => {
  let word = "";
  for (let rest = index + 225; rest > 0; rest = Math.floor(rest / syllables.length)) {
    word += syllables[rest % syllables.length];
  }
  return word;
});

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

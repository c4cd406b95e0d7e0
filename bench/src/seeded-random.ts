/** Numbers from 0 to below 1, always the same for one seed (xorshift32). The seed is a whole number above 0. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

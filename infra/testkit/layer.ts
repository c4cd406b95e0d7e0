import { createCipheriv, createHash } from 'node:crypto';
import { tarEnd, tarHeader, tarPadding } from './tar.ts';

const CHUNK = 1 << 20;

/** A layer of exactly `bytes` bytes as the engine counts them, always the same for the same seed and size. */
export interface LayerRecipe {
  readonly seed: string;
  readonly bytes: number;
}

/** The layer as an uncompressed tar: one file, at a path of its own so that layers never hide each other. */
export function* layerTar({ seed, bytes }: LayerRecipe): Generator<Buffer> {
  const name = createHash('sha256').update(`${seed}\0${bytes}`).digest('hex').slice(0, 32);
  yield tarHeader(`layers/${name}`, bytes);
  yield* content(name, bytes);
  yield Buffer.concat([tarPadding(bytes), tarEnd()]);
}

/** An AES keystream: incompressible, reproducible and about as fast as memory. */
function* content(name: string, bytes: number): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.from(name, 'hex'), Buffer.alloc(16));
  const zeros = Buffer.alloc(Math.min(CHUNK, bytes));
  for (let left = bytes; left > 0; left -= CHUNK) {
    yield cipher.update(left < CHUNK ? zeros.subarray(0, left) : zeros);
  }
}

export function sha256(chunks: Iterable<Buffer>): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

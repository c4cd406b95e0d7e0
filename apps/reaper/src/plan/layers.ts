import type { ChainId, EngineImage } from '../engine/port.ts';

/**
 * Counts how many of the images that stay have each layer. What a deletion frees is the layers that nobody
 * else has: two images that share a layer only with each other free it together, and neither does alone.
 */
export class LayerCount {
  readonly #references = new Map<ChainId, number>();
  readonly #bytes = new Map<ChainId, number>();
  #total = 0;

  constructor(images: readonly EngineImage[]) {
    for (const image of images) this.#add(image);
  }

  /** Bytes of all layers, each counted once. */
  get totalBytes(): number {
    return this.#total;
  }

  /** Bytes that go when this image goes now. */
  ownBytes(image: EngineImage): number {
    let bytes = 0;
    for (const chain of chainsOf(image)) {
      if (this.#references.get(chain) === 1) bytes += this.#bytes.get(chain) ?? 0;
    }
    return bytes;
  }

  /** Takes the image away and returns the bytes that went with it. */
  remove(image: EngineImage): number {
    const freed = this.ownBytes(image);
    for (const chain of chainsOf(image)) this.#references.set(chain, (this.#references.get(chain) ?? 0) - 1);
    this.#total -= freed;
    return freed;
  }

  #add(image: EngineImage): void {
    for (const layer of image.layers) {
      // Two images may report a shared layer differently where an engine hides sizes: the larger one is kept.
      const known = this.#bytes.get(layer.chain) ?? 0;
      if (layer.bytes > known) {
        this.#bytes.set(layer.chain, layer.bytes);
        this.#total += layer.bytes - known;
      }
    }
    for (const chain of chainsOf(image)) this.#references.set(chain, (this.#references.get(chain) ?? 0) + 1);
  }
}

/** All bytes of an image, shared or not. */
export function imageBytes(image: EngineImage): number {
  return image.layers.reduce((sum, layer) => sum + layer.bytes, 0);
}

function chainsOf(image: EngineImage): ReadonlySet<ChainId> {
  return new Set(image.layers.map((layer) => layer.chain));
}

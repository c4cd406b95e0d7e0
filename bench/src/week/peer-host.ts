import type { Week } from '@sideband/infra/demo/week/load-week';
import { JOB_SECONDS } from '@sideband/infra/demo/week/simulate';
import { bytesOf, layersOf } from './pull-count.ts';

/** What any tool can know of an image that is present, and when it was last used besides. */
export interface PresentImage {
  readonly image: number;
  /** All its layers, as an engine's list shows it. */
  readonly bytes: number;
  /** Seconds since the week's start. */
  readonly pulledAt: number;
  readonly usedAt: number;
}

/** The images of a host with nothing but the rules of the week's README: an image is pinned while its job runs. */
export class PeerHost {
  readonly #week: Week;
  readonly #present = new Map<number, PresentImage>();

  constructor(week: Week) {
    this.#week = week;
  }

  get usedBytes(): number {
    return bytesOf(this.#week, [...this.#layers()]);
  }

  has(image: number): boolean {
    return this.#present.has(image);
  }

  missingLayers(image: number): readonly number[] {
    const present = this.#layers();
    return layersOf(this.#week, image).filter((layer) => !present.has(layer));
  }

  pull(image: number, now: number): void {
    const bytes = bytesOf(this.#week, layersOf(this.#week, image));
    this.#present.set(image, { image, bytes, pulledAt: now, usedAt: now });
  }

  use(image: number, now: number): void {
    const known = this.#present.get(image);
    if (known !== undefined) this.#present.set(image, { ...known, usedAt: now });
  }

  /** Those that no job uses, in the order of their pulls. */
  idle(now: number): readonly PresentImage[] {
    return [...this.#present.values()].filter(({ usedAt }) => now - usedAt >= JOB_SECONDS);
  }

  evict(image: number): void {
    this.#present.delete(image);
  }

  #layers(): ReadonlySet<number> {
    return new Set([...this.#present.keys()].flatMap((image) => layersOf(this.#week, image)));
  }
}

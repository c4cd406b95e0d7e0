import type { Week } from '@sideband/infra/demo/week/load-week';

/** What a week cost. */
export interface Cost {
  readonly pulls: number;
  /** Pulls of an image that had been pulled before. */
  readonly repulls: number;
  /** Bytes of the layers missing at each pull. */
  readonly bytesPulled: number;
  /** Of these, beyond each layer's first pull. */
  readonly bytesRepulled: number;
  /** Pulls that did not fit before images had gone. */
  readonly fullBeforePull: number;
}

/** Counts the pulls of a week, whoever makes them necessary. */
export class PullCount {
  readonly #week: Week;
  readonly #images = new Set<number>();
  readonly #layers = new Set<number>();
  #cost: Cost = { pulls: 0, repulls: 0, bytesPulled: 0, bytesRepulled: 0, fullBeforePull: 0 };

  constructor(week: Week) {
    this.#week = week;
  }

  get cost(): Cost {
    return this.#cost;
  }

  /** `missing`: the layers that had to be fetched. */
  add(image: number, missing: readonly number[], wasFull: boolean): void {
    const before = this.#cost;
    this.#cost = {
      pulls: before.pulls + 1,
      repulls: before.repulls + (this.#images.has(image) ? 1 : 0),
      bytesPulled: before.bytesPulled + bytesOf(this.#week, missing),
      bytesRepulled:
        before.bytesRepulled +
        bytesOf(
          this.#week,
          missing.filter((layer) => this.#layers.has(layer)),
        ),
      fullBeforePull: before.fullBeforePull + (wasFull ? 1 : 0),
    };
    this.#images.add(image);
    for (const layer of missing) this.#layers.add(layer);
  }
}

export function layersOf(week: Week, image: number): readonly number[] {
  return week.images.get(image)?.layers ?? [];
}

export function bytesOf(week: Week, layers: readonly number[]): number {
  return layers.reduce((sum, layer) => sum + (week.layerBytes.get(layer) ?? 0), 0);
}

export interface LayerTally {
  readonly bytesPulled: number;
  /** Of these, what had been pulled before. */
  readonly bytesRepulled: number;
}

/** Sums up how often each layer was served. */
export function countLayers(
  pulls: ReadonlyMap<number, number>,
  layerBytes: ReadonlyMap<number, number>,
): LayerTally {
  let bytesPulled = 0;
  let bytesRepulled = 0;
  for (const [layer, times] of pulls) {
    const bytes = layerBytes.get(layer) ?? 0;
    bytesPulled += times * bytes;
    bytesRepulled += (times - 1) * bytes;
  }
  return { bytesPulled, bytesRepulled };
}

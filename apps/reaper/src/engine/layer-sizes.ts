import type { ChainId } from './port.ts';

/** What the engine says of one image's size. */
export interface SizedImage {
  readonly id: string;
  /** Both base first and equally long. */
  readonly diffIds: readonly string[];
  readonly chains: readonly ChainId[];
  /** Bytes of the image's history entries, base first; undefined where the engine could not give them. */
  readonly history: readonly number[] | undefined;
  readonly totalBytes: number;
}

/** The digest of a tar without entries: whatever an engine calls such a layer, it holds no bytes. */
const EMPTY_LAYER = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/**
 * One size for each chain, the same whichever image it is seen in. No engine gives sizes by layer; an image's
 * history has them, but also has entries that made no layer.
 *
 * Where history accounts for an image exactly, its layers' sizes are proven. Elsewhere (squashed and empty layers,
 * Podman, the compressed blobs that the containerd store counts as well) what is not proven goes to the highest
 * layer that nobody has sized yet, smaller images first, so that a base's bytes stay with the base. That errs
 * towards "this deletion frees more": a plan then stops early and the disk is looked at again, whereas an
 * estimate too low would evict images that need not go.
 */
export function layerSizes(images: readonly SizedImage[]): ReadonlyMap<ChainId, number> {
  const sizes = new Map<ChainId, number>();
  const unproven: [SizedImage, readonly number[] | undefined][] = [];
  for (const image of images) {
    const aligned = align(image);
    if (aligned !== undefined && sum(aligned) === image.totalBytes) {
      for (const [index, chain] of image.chains.entries()) {
        sizes.set(chain, Math.max(sizes.get(chain) ?? 0, aligned[index] ?? 0));
      }
    } else {
      unproven.push([image, aligned]);
    }
  }
  unproven.sort(([a], [b]) => a.chains.length - b.chains.length || (a.id < b.id ? -1 : 1));
  for (const [image, aligned] of unproven) estimate(image, aligned, sizes);
  return sizes;
}

/** History's sizes, one for each layer, if they can be told apart from the entries that made no layer. */
function align(image: SizedImage): readonly number[] | undefined {
  const { diffIds, history } = image;
  if (history === undefined) return undefined;
  const sized = history.filter((bytes) => bytes > 0);
  const solid = diffIds.filter((diffId) => diffId !== EMPTY_LAYER);
  if (sized.length === solid.length) {
    const rest = sized.values();
    return diffIds.map((diffId) => (diffId === EMPTY_LAYER ? 0 : (rest.next().value ?? 0)));
  }
  return history.length === diffIds.length ? history : undefined;
}

function estimate(
  image: SizedImage,
  aligned: readonly number[] | undefined,
  sizes: Map<ChainId, number>,
): void {
  let rest = image.totalBytes;
  let highest: ChainId | undefined;
  for (const [index, chain] of image.chains.entries()) {
    const known = sizes.get(chain);
    const bytes = known ?? aligned?.[index] ?? 0;
    if (known === undefined) {
      highest = chain;
      sizes.set(chain, bytes);
    }
    rest -= bytes;
  }
  if (highest !== undefined && rest > 0) sizes.set(highest, (sizes.get(highest) ?? 0) + rest);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

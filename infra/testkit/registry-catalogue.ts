import { type ImageReference, parseImageReference, repositoryOf } from '@sideband/shared/image-reference';
import { imageConfig } from './image-config.ts';
import { type LayerRecipe, sha256 } from './layer.ts';
import { digestKey, layerDigests } from './layer-digests.ts';
import { tarBytes } from './tar.ts';

/** The images that a registry offers. */
export interface Catalogue {
  /** Each with a tag; layers by id, base first. */
  readonly images: readonly { readonly reference: string; readonly layers: readonly number[] }[];
  /** Layer id → bytes of the one file in it. */
  readonly layers: ReadonlyMap<number, number>;
}

export interface Manifest {
  /** As the catalogue names it. */
  readonly reference: string;
  readonly digest: string;
  readonly content: Buffer;
}

export type Blob =
  | { readonly kind: 'config'; readonly bytes: number; readonly content: Buffer }
  | { readonly kind: 'layer'; readonly bytes: number; readonly layer: number; readonly recipe: LayerRecipe };

export interface Shelf {
  /** `docker.io`, `quay.io`, …, each once. */
  readonly domains: readonly string[];
  /** By `<repository>:<tag>` and by `<repository>@<digest>`. */
  readonly manifests: ReadonlyMap<string, Manifest>;
  readonly blobs: ReadonlyMap<string, Blob>;
}

export const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

/**
 * Works out all manifests, configurations and digests. The layers' digests are kept in a file in
 * `cacheDirectory` where one is given.
 */
export async function layOut(catalogue: Catalogue, cacheDirectory: string | undefined): Promise<Shelf> {
  const recipes = new Map(
    [...catalogue.layers].map(([layer, bytes]) => [layer, { seed: `layer ${layer}`, bytes }] as const),
  );
  const digests = await layerDigests([...recipes.values()], cacheDirectory);
  const manifests = new Map<string, Manifest>();
  const blobs = new Map<string, Blob>();
  const domains = new Set<string>();
  for (const image of catalogue.images) {
    const { repository, domain, tag } = parseReference(image.reference);
    domains.add(domain);
    const layers = image.layers.map((layer) => {
      const recipe = recipes.get(layer);
      if (recipe === undefined) throw new Error(`${image.reference} has a layer ${layer} that has no size`);
      const digest = digests.get(digestKey(recipe)) ?? '';
      const bytes = tarBytes(recipe.bytes);
      blobs.set(digest, { kind: 'layer', bytes, layer, recipe });
      return { mediaType: 'application/vnd.docker.image.rootfs.diff.tar', size: bytes, digest };
    });
    // Not compressed, so that a layer's digest is its diff id as well.
    const diffIds = layers.map((layer) => layer.digest);
    const config = imageConfig({ name: image.reference, diffIds, labels: {} });
    const configDigest = sha256([config]);
    blobs.set(configDigest, { kind: 'config', bytes: config.length, content: config });
    const content = manifestContent({ size: config.length, digest: configDigest }, layers);
    const manifest = { reference: image.reference, digest: sha256([content]), content };
    manifests.set(`${repository}:${tag}`, manifest);
    manifests.set(`${repository}@${manifest.digest}`, manifest);
  }
  return { domains: [...domains], manifests, blobs };
}

function parseReference(text: string): { repository: string; domain: string; tag: string } {
  const parsed = parseImageReference(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const reference: ImageReference = parsed.value;
  if (reference.tag === undefined) throw new Error(`${text} has no tag to offer it under`);
  return { repository: repositoryOf(reference), domain: reference.domain, tag: reference.tag };
}

function manifestContent(
  config: { readonly size: number; readonly digest: string },
  layers: readonly object[],
): Buffer {
  const mediaType = 'application/vnd.docker.container.image.v1+json';
  return Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, config: { mediaType, ...config }, layers }),
  );
}

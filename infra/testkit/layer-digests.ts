import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { type LayerRecipe, layerTar, sha256 } from './layer.ts';

const cacheSchema = z.record(z.string(), z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)));

/**
 * The digest of each layer's tar, by `digestKey`. Each has to be made and read once, about 1.1 GB a second on one core;
 * with a directory the outcome is kept in a file there.
 */
export async function layerDigests(
  recipes: readonly LayerRecipe[],
  cacheDirectory: string | undefined,
): Promise<ReadonlyMap<string, string>> {
  if (cacheDirectory === undefined) return withMissing(new Map(), recipes);
  const file = join(cacheDirectory, 'layer-digests.json');
  const cached = await readCache(file);
  const digests = withMissing(cached, recipes);
  if (digests.size === cached.size) return digests;
  await mkdir(cacheDirectory, { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(digests)));
  await rename(`${file}.new`, file);
  return digests;
}

/** `v1` is the way layers are made; it changes when that does. */
export function digestKey({ seed, bytes }: LayerRecipe): string {
  return `v1 ${seed} ${bytes}`;
}

function withMissing(
  known: ReadonlyMap<string, string>,
  recipes: readonly LayerRecipe[],
): ReadonlyMap<string, string> {
  const missing = recipes.filter((recipe) => !known.has(digestKey(recipe)));
  return new Map([
    ...known,
    ...missing.map((recipe) => [digestKey(recipe), sha256(layerTar(recipe))] as const),
  ]);
}

/** A cache that cannot be read is made anew. */
async function readCache(file: string): Promise<ReadonlyMap<string, string>> {
  try {
    return new Map(Object.entries(cacheSchema.parse(JSON.parse(await readFile(file, 'utf8')))));
  } catch {
    return new Map();
  }
}

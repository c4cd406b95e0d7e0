import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Dockerode from 'dockerode';
import { imageConfig } from './image-config.ts';
import { type LayerRecipe, layerTar, sha256 } from './layer.ts';
import { tar } from './tar.ts';

/**
 * Puts an image into an engine, as `docker load` does, under one or more tags; answers its id.
 * Equal seed and bytes make equal layers, which the engine stores once. A local build to the engine: it has no digest.
 */
export async function makeImage(
  docker: Dockerode,
  options: {
    readonly names: readonly string[];
    readonly layers: readonly LayerRecipe[];
    readonly labels?: Readonly<Record<string, string>>;
  },
): Promise<string> {
  const layers = options.layers.map((layer) => Buffer.concat([...layerTar(layer)]));
  const config = imageConfig({
    name: options.names[0] ?? '',
    diffIds: layers.map((layer) => sha256([layer])),
    labels: options.labels ?? {},
  });
  const archive: Record<string, Buffer> = { 'config.json': config };
  for (const [index, layer] of layers.entries()) archive[`${index}.tar`] = layer;
  archive['manifest.json'] = Buffer.from(
    JSON.stringify([
      { Config: 'config.json', RepoTags: options.names, Layers: layers.map((_, index) => `${index}.tar`) },
    ]),
  );
  const answer = await docker.loadImage(Readable.from([tar(archive)]), { quiet: 'true' });
  const said = await text(answer);
  if (said.includes('"error"')) throw new Error(`The engine refused the image: ${said.trim()}`);
  return sha256([config]);
}

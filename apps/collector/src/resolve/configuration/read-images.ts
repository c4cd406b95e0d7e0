import { isList, isMap, type Tree } from './tree.ts';
import type { Unfolder } from './unfold.ts';

/** No name of an image is longer (`image-reference.ts` takes 512), however long the variables in it are called. */
const MAX_NAME = 2_048;
/** Jobs have one or two; a runner's `services_limit` is mostly below ten. */
const MAX_SERVICES = 64;

/** `image: ruby` or `image: {name: ruby, …}`. Null: not understood. Undefined: not set, as GitLab takes a null. */
export function readImage(tree: Tree | undefined, { follow }: Unfolder): string | null | undefined {
  const image = follow(tree) ?? undefined;
  if (image === undefined) return undefined;
  const name = isMap(image) ? follow(image.get('name')) : image;
  return typeof name === 'string' && name.length <= MAX_NAME ? name : null;
}

/** A list of what `image:` takes. */
export function readServices(
  tree: Tree | undefined,
  unfolder: Unfolder,
): readonly (string | null)[] | null | undefined {
  const services = unfolder.follow(tree) ?? undefined;
  if (services === undefined) return undefined;
  if (!isList(services) || services.length > MAX_SERVICES) return null;
  return services.map((service) => readImage(service, unfolder) ?? null);
}

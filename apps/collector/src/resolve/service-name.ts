/**
 * Whether `Starting service <printed>...` announces the image `name`. The runner prints a service's name in a
 * form of its own: the registry's port left out, `latest` added where there is no tag, and a digest only where
 * there is no tag (helpers/container/services, `SplitNameAndVersion`). That form is no reference, since it
 * may even be the name of another image, so the reference is always taken from the line that says which image was
 * used, and this one only vouches for it.
 */
export function isAnnouncedService(printed: string, name: string): boolean {
  // Runners before 17.1 put a colon before the digest as well.
  return printed.replace(':@', '@') === printedService(name);
}

function printedService(name: string): string {
  const at = name.indexOf('@');
  const tagged = at === -1 ? name : name.slice(0, at);
  const colon = tagged.indexOf(':', tagged.lastIndexOf('/') + 1);
  const repository = (colon === -1 ? tagged : tagged.slice(0, colon)).replace(/:\d+(?=\/)/, '');
  if (colon !== -1) return `${repository}${tagged.slice(colon)}`;
  return at === -1 ? `${repository}:latest` : `${repository}${name.slice(at)}`;
}

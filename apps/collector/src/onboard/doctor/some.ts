/** A person reads no more. */
const NAMED = 10;

/** The first names of a list, and how many more there are. */
export function some(names: readonly string[]): string {
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Prometheus keeps a series for each value for ever, so a label has at most so many. */
const MOST_VALUES = 64;
const LONGEST = 80;

/**
 * Lets the first 64 values through, and calls all later ones `other`. For words that our own code chooses: what it
 * would take a stranger to write is `other` at once.
 */
export function createBoundedLabel(): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= MOST_VALUES || value.length > LONGEST || !/^[\w /:.-]+$/.test(value)) return 'other';
    known.add(value);
    return value;
  };
}

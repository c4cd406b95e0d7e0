/** The least version of a range that is in, and the first above it that is out. */
type Interval = readonly [from: number, to: number];

const COMPARATOR = /^(\^|~|>=|<=|>|<|=)?v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?$/;

/**
 * Whether a package's `engines.node` admits a version such as `20.20.2`. Knows what packages write there, which is
 * less than npm's ranges can be; answers undefined where it does not understand.
 */
export function admits(range: string, version: string): boolean | undefined {
  const number = numberOf(version.split('.').map(Number));
  const alternatives = range.split('||').map((part) => part.trim());
  const answers = alternatives.map((alternative) => {
    const comparators = alternative
      .replace(/([<>=^~])\s+/g, '$1')
      .split(/\s+/)
      .map(intervalOf);
    if (comparators.some((interval) => interval === undefined)) return undefined;
    return comparators.every(
      (interval) => interval !== undefined && number >= interval[0] && number < interval[1],
    );
  });
  if (answers.includes(undefined)) return undefined;
  return answers.includes(true);
}

function intervalOf(comparator: string): Interval | undefined {
  if (comparator === '') return [0, Number.POSITIVE_INFINITY];
  const match = COMPARATOR.exec(comparator);
  if (match === null) return undefined;
  const [, operator = '=', ...written] = match;
  const wildcard = written.findIndex((part) => part === undefined || /[xX*]/.test(part));
  const parts = written.slice(0, wildcard === -1 ? written.length : wildcard).map(Number);
  const from = numberOf(parts);
  const to = parts.length === 0 ? Number.POSITIVE_INFINITY : after(parts, parts.length);
  switch (operator) {
    case '^':
      return [from, after(parts, 1)];
    case '~':
      return [from, after(parts, Math.min(parts.length, 2))];
    case '>=':
      return [from, Number.POSITIVE_INFINITY];
    case '>':
      return [to, Number.POSITIVE_INFINITY];
    case '<':
      return [0, from];
    case '<=':
      return [0, to];
    default:
      return [from, to];
  }
}

/** The first version that differs from `parts` within its first `count` numbers. */
function after(parts: readonly number[], count: number): number {
  if (count === 0) return Number.POSITIVE_INFINITY;
  const kept = parts.slice(0, count);
  return numberOf([...kept.slice(0, -1), (kept.at(-1) ?? 0) + 1]);
}

function numberOf([major = 0, minor = 0, patch = 0]: readonly number[]): number {
  return (major * 10_000 + minor) * 10_000 + patch;
}

import type { Log } from '@sideband/shared/log';
import type { Refusal, Result } from '@sideband/shared/result';

/** The entries of a list that can be read. One that cannot does not cost the others: it is left out and reported. */
export function* readable<T>(
  entries: readonly unknown[],
  parse: (raw: unknown) => Result<T, Refusal>,
  log: Log,
  about: Readonly<Record<string, unknown>>,
): Generator<T, void> {
  for (const raw of entries) {
    const entry = parse(raw);
    if (entry.ok) yield entry.value;
    else log.warn({ ...about, problem: entry.error.message }, 'An entry of a list was unreadable, left out');
  }
}

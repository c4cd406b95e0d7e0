import type { Brand } from './brand.ts';
import { quote } from './quote.ts';
import { ok, type Refusal, type Result, refuse } from './result.ts';

/** A length of time: whole milliseconds, not negative. */
export type Duration = Brand<number, 'Duration'>;

/** Largest first, as they are written. */
const UNITS = [
  ['w', 7 * 86_400_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

const PARTS = new RegExp(`^${UNITS.map(([unit]) => `(?:([0-9]{1,15})${unit})?`).join('')}$`);
const ACCEPTED = 'expected numbers and units, the largest first: 1h30m, 7d, 2w, 90s, 500ms';

/**
 * Reads `1h30m`: units w, d, h, m, s, ms, each at most once, the largest first, without spaces. Refuses a bare
 * number with `no-unit`, more than 2^53 ms with `too-large`, anything else with `bad-duration`.
 */
export function parseDuration(text: string): Result<Duration, Refusal> {
  if (/^[0-9.]+$/.test(text)) return refuse(because('no-unit', text, ACCEPTED));
  const match = PARTS.exec(text);
  if (match === null || text === '') return refuse(because('bad-duration', text, ACCEPTED));

  const milliseconds = UNITS.reduce(
    (sum, [, factor], index) => sum + Number(match[index + 1] ?? 0) * factor,
    0,
  );
  if (!Number.isSafeInteger(milliseconds)) {
    return refuse(because('too-large', text, 'it is more than 2^53 milliseconds'));
  }
  return ok(milliseconds as Duration);
}

/**
 * `1h30m`: exact to the millisecond, `parseDuration` reads it again. Days are the largest unit shown. For people,
 * `parts` keeps that many of the largest units and drops the rest: 2 shows `23d4h12m5s` as `23d4h`.
 */
export function formatDuration(milliseconds: number, parts = Number.POSITIVE_INFINITY): string {
  const sign = milliseconds < 0 ? '-' : '';
  let rest = Math.round(Math.abs(milliseconds));
  const shown: string[] = [];
  for (const [unit, factor] of UNITS) {
    if (unit === 'w') continue;
    const count = Math.floor(rest / factor);
    rest -= count * factor;
    if (count > 0) shown.push(`${count}${unit}`);
  }
  return shown.length === 0 ? '0s' : `${sign}${shown.slice(0, parts).join('')}`;
}

function because(reason: string, text: string, why: string): Refusal {
  return { reason, message: `${quote(text)} is no duration: ${why}` };
}

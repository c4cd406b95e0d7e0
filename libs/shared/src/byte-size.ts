import type { Brand } from './brand.ts';
import { quote } from './quote.ts';
import { ok, type Refusal, type Result, refuse } from './result.ts';

/** A number of bytes: whole, not negative. */
export type Bytes = Brand<number, 'Bytes'>;

const UNITS: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['kB', 1e3],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
  ['PB', 1e15],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
  ['PiB', 2 ** 50],
]);

const DECIMAL_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

const NUMBER_AND_UNIT = /^(0|[1-9][0-9]{0,14})(\.[0-9]{1,3})? ?([a-zA-Z]*)$/;
const ACCEPTED = 'expected a number and a unit: 10GB (decimal), 10GiB (binary), 1.5TB, 512MB';

/**
 * Reads `10GB` (decimal) or `10GiB` (binary), with up to three decimals and at most one space. A size may decide
 * what is deleted, so nothing is guessed: `10G` and `10Gb` are refused with `bad-unit`, `10` with `no-unit`,
 * a zero that is not `0B` with `bad-zero`, more than 2^53 bytes with `too-large`, the rest with `bad-byte-size`.
 */
export function parseByteSize(text: string): Result<Bytes, Refusal> {
  const [, whole, decimals, unit] = NUMBER_AND_UNIT.exec(text) ?? [];
  if (whole === undefined || unit === undefined) return refuse(because('bad-byte-size', text, ACCEPTED));
  if (unit === '') return refuse(because('no-unit', text, ACCEPTED));
  const factor = UNITS.get(unit);
  if (factor === undefined) return refuse(because('bad-unit', text, ACCEPTED));
  if (factor === 1 && decimals !== undefined)
    return refuse(because('bad-byte-size', text, 'bytes are whole'));

  const bytes = Math.round(Number(`${whole}${decimals ?? ''}`) * factor);
  if (!Number.isSafeInteger(bytes)) return refuse(because('too-large', text, 'it is more than 2^53 bytes'));
  if (bytes === 0 && factor !== 1) return refuse(because('bad-zero', text, 'zero is written 0B'));
  return ok(bytes as Bytes);
}

/** For people: three digits and a decimal unit, as in `1.58 GB`. `parseByteSize` reads it again. */
export function formatBytes(bytes: number): string {
  const sign = bytes < 0 ? '-' : '';
  let value = Math.round(Math.abs(bytes));
  let step = 0;
  // 999.5 kB has three digits as 1 MB only.
  while (roundToThreeDigits(value) >= 1_000 && step < DECIMAL_UNITS.length - 1) {
    value /= 1_000;
    step += 1;
  }
  return `${sign}${roundToThreeDigits(value)} ${DECIMAL_UNITS[step]}`;
}

function roundToThreeDigits(value: number): number {
  return value >= 1_000 ? Math.round(value) : Number(value.toPrecision(3));
}

function because(reason: string, text: string, why: string): Refusal {
  return { reason, message: `${quote(text)} is no size: ${why}` };
}

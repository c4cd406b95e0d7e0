import { quantile } from '../plan-time/quantile.ts';

/** What came of several rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** There must be a value. */
export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), least: quantile(values, 0), most: quantile(values, 1) };
}

/** `0.49 (0.44 to 0.54)` */
export function renderSpread({ median, least, most }: Spread, digits: number): string {
  const text = (value: number): string => value.toFixed(digits);
  return `${text(median)} (${text(least)} to ${text(most)})`;
}

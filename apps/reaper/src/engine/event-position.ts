import type { Millis } from '@sideband/shared/clock';
import type { EventPosition } from './port.ts';

const NANOS_IN_A_SECOND = 1_000_000_000n;

/** `1795311876.057132776`, as Docker and Podman take it. */
export function toPosition(nanos: bigint): EventPosition {
  const fraction = (nanos % NANOS_IN_A_SECOND).toString().padStart(9, '0');
  return `${nanos / NANOS_IN_A_SECOND}.${fraction}` as EventPosition;
}

export function positionAt(moment: Millis): EventPosition {
  return toPosition(BigInt(Math.floor(moment)) * 1_000_000n);
}

/** Nanoseconds since 1970, or undefined for what is no position. */
export function nanosOf(position: EventPosition): bigint | undefined {
  const [, seconds, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(position) ?? [];
  if (seconds === undefined) return undefined;
  return BigInt(seconds) * NANOS_IN_A_SECOND + BigInt(fraction.padEnd(9, '0'));
}

/** That much earlier, but not before 1970; undefined for what is no position. */
export function earlier(position: EventPosition, byMs: number): EventPosition | undefined {
  const nanos = nanosOf(position);
  if (nanos === undefined) return undefined;
  const back = nanos - BigInt(byMs) * 1_000_000n;
  return toPosition(back < 0n ? 0n : back);
}

/** False for what is no position. */
export function isAfter(position: EventPosition, moment: Millis): boolean {
  const nanos = nanosOf(position);
  return nanos !== undefined && nanos > BigInt(Math.floor(moment)) * 1_000_000n;
}

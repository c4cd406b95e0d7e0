import type { Millis } from '@sideband/shared/clock';
import { describe, expect, it } from 'vitest';
import { featuresOf } from './features.ts';
import { alertStatus, type HookHealth, healthAfter, healthy } from './hook-health.ts';

const MINUTE = 60_000;
const now = featuresOf('19.3.0-ee');
const old = featuresOf('17.10.0-ee');

/** Fails as often, each time just after the pause is over. Tells the pauses, in minutes. */
function failing(
  times: number,
  status: number | undefined,
  features = now,
): { health: HookHealth; pauses: number[] } {
  let health = healthy;
  let at = 1_000_000;
  const pauses: number[] = [];
  for (let count = 0; count < times; count += 1) {
    health = healthAfter(health, status, at as Millis, features);
    const until = health.disabledUntil ?? at;
    pauses.push((until - at) / MINUTE);
    at = until + 1;
  }
  return { health, pauses };
}

describe('the health of a hook', () => {
  it('tolerates three failures, then pauses it for twice as long each time, a day at most', () => {
    const { pauses, health } = failing(17, 503);
    expect(pauses).toEqual([0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 1_440, 1_440, 1_440]);
    expect(health.disabled).toBe(false);
  });

  it('gives it up after forty failures in a row, whatever they were', () => {
    expect(failing(39, undefined).health.disabled).toBe(false);
    expect(alertStatus(failing(40, undefined).health, 0 as Millis)).toBe('disabled');
    expect(failing(4, 404).health.disabled).toBe(false);
  });

  it('before 17.11 gives it up after four answers of 4xx, and never for others', () => {
    expect(failing(3, 404, old).health.disabled).toBe(false);
    expect(failing(4, 404, old).health.disabled).toBe(true);
    expect(failing(60, 500, old).health.disabled).toBe(false);
  });

  it('is good again after one success, of 2xx or 3xx', () => {
    const { health } = failing(5, 500);
    expect(healthAfter(health, 200, 0 as Millis, now)).toEqual(healthy);
    expect(healthAfter(health, 302, 0 as Millis, now)).toEqual(healthy);
  });

  it('gets no worse while it is paused', () => {
    const { health } = failing(4, 500);
    const during = ((health.disabledUntil ?? 0) - 1) as Millis;
    expect(alertStatus(health, during)).toBe('temporarily_disabled');
    expect(healthAfter(health, 500, during, now)).toBe(health);
    expect(alertStatus(health, (during + 2) as Millis)).toBe('executable');
  });
});

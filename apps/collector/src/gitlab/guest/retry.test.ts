import { SidebandError } from '@sideband/shared/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withRetries } from './retry.ts';

type Details = Readonly<Record<string, unknown>>;

function failure(details: Details, retryAfterMs?: number): SidebandError {
  return new SidebandError('GITLAB_UNAVAILABLE', details, retryAfterMs === undefined ? {} : { retryAfterMs });
}

/** Tries until it succeeds at the `good`th time; says how often it was tried and how long it paused. */
async function run(
  method: string,
  error: SidebandError,
  { good = 99, random = 0.5, isWorthIt = true } = {},
): Promise<{ tries: number; pauses: number[]; failed: boolean }> {
  let tries = 0;
  const pauses: number[] = [];
  const attempt = async (): Promise<void> => {
    tries += 1;
    if (tries < good) throw error;
  };
  const pause = async (milliseconds: number): Promise<void> => void pauses.push(milliseconds);
  const outcome = withRetries(method, attempt, { pause, random: () => random, isWorthIt: () => isWorthIt });
  const failed = await outcome.then(
    () => false,
    (thrown: unknown) => thrown === error,
  );
  return { tries, pauses, failed };
}

const RESET = failure({ reason: 'network', code: 'ECONNRESET' });

test.each([
  ['a broken connection', RESET],
  ['a time-out', failure({ reason: 'time-out' })],
  ['a 502', failure({ reason: 'status', status: 502 })],
  ['a 503', failure({ reason: 'status', status: 503 })],
  ['a 504', failure({ reason: 'status', status: 504 })],
])('%s is tried again twice, then given up', async (_, error) => {
  expect(await run('GET', error)).toMatchObject({ tries: 3, failed: true });
  expect(await run('GET', error, { good: 3 })).toMatchObject({ tries: 3, failed: false });
});

test.each([
  ['a 500', failure({ reason: 'status', status: 500 })],
  ['a 503 that says when', failure({ reason: 'status', status: 503 }, 120_000)],
  ['no JSON', failure({ reason: 'not-json', status: 200 })],
  ['an open circuit', failure({ reason: 'circuit-open' }, 1_000)],
  ['a limit', new SidebandError('GITLAB_RATE_LIMITED', { status: 429 }, { retryAfterMs: 1_000 })],
  ['a refusal', new SidebandError('GITLAB_REFUSED', { status: 403 })],
])('%s is not tried again', async (_, error) => {
  expect(await run('GET', error)).toEqual({ tries: 1, pauses: [], failed: true });
});

test.each(['POST', 'PUT', 'DELETE'])('a %s is tried again only where nothing was sent', async (method) => {
  expect(await run(method, RESET)).toMatchObject({ tries: 1 });
  expect(await run(method, failure({ reason: 'status', status: 502 }))).toMatchObject({ tries: 1 });
  expect(await run(method, failure({ reason: 'network', code: 'ECONNREFUSED' }))).toMatchObject({ tries: 3 });
});

test('nothing is tried again that is not worth it', async () => {
  expect(await run('GET', RESET, { isWorthIt: false })).toMatchObject({ tries: 1, failed: true });
});

test('pauses are spread over 0.2 to 2 s', async () => {
  expect((await run('GET', RESET, { random: 0 })).pauses).toEqual([200, 200]);
  expect((await run('GET', RESET, { random: 0.5 })).pauses).toEqual([400, 700]);
  const most = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  await fc.assert(
    fc.asyncProperty(most, async (random) => {
      const { pauses } = await run('GET', RESET, { random });
      expect(pauses).toHaveLength(2);
      for (const pause of pauses) expect(pause >= 200 && pause <= 2_000).toBe(true);
    }),
  );
});

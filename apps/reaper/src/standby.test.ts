import { silentLog } from '@sideband/shared/log';
import { expect, test } from 'vitest';
import type { Hold } from './identity/ownership.ts';
import { aDisk } from './plan/snapshot.suite.ts';
import { waitForTurn } from './standby.ts';

const REFUSED: Hold = {
  held: false,
  lock: 'engine-socket',
  at: '/run/docker.sock.sideband-lock',
  holder: 'process 7',
  remedy: 'Stop one of the two.',
};

/** Refused as often as told, then held. */
function standby(refusals: number, endsAfter = Number.POSITIVE_INFINITY) {
  const seen = { asked: 0, refused: 0, paused: [] as number[] };
  const turn = waitForTurn({
    ownership: {
      hold: async () => {
        seen.asked += 1;
        return seen.asked > refusals ? { held: true } : REFUSED;
      },
    },
    disk: { read: async () => [aDisk(500)] },
    everyMs: 60_000,
    pause: async (milliseconds) => {
      seen.paused.push(milliseconds);
      return seen.paused.length < endsAfter;
    },
    onRefused: () => {
      seen.refused += 1;
    },
    log: silentLog(),
  });
  return { turn, seen };
}

test('who is alone has its turn at once', async () => {
  const { turn, seen } = standby(0);
  expect(await turn).toBe(true);
  expect(seen).toEqual({ asked: 1, refused: 0, paused: [] });
});

test('a second one asks again and again until the first is gone', async () => {
  const { turn, seen } = standby(3);
  expect(await turn).toBe(true);
  expect(seen).toEqual({ asked: 4, refused: 3, paused: [60_000, 60_000, 60_000] });
});

test('a second one that is told to stop has no turn', async () => {
  expect(await standby(9, 2).turn).toBe(false);
});

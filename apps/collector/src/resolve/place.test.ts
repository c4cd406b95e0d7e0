import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { Registration } from '@sideband/shared/hosts/records';
import type { HostName, SystemId } from '@sideband/shared/names';
import { expect, it } from 'vitest';
import { createPlaces } from './place.ts';

const A = 's_aaaaaaaaaaaa' as SystemId;
const B = 's_bbbbbbbbbbbb' as SystemId;

function registration(host: string, systemIds: readonly SystemId[]): Registration {
  return { host: host as HostName, uuid: host, systemIds, seenAt: 0 as Millis, mode: 'observe' };
}

function fixture(initial: readonly Registration[]) {
  const clock = new ManualClock(1_000_000);
  const state = { registrations: initial, reads: 0, failure: undefined as Error | undefined };
  const places = createPlaces(
    {
      async registrations() {
        state.reads += 1;
        if (state.failure !== undefined) throw state.failure;
        return state.registrations;
      },
    },
    clock,
  );
  return { clock, state, places };
}

it('finds every host that registered the manager', async () => {
  const { places } = fixture([registration('one', [A, A]), registration('two', [B, A])]);
  expect(await places.hostsOf(A)).toEqual(['one', 'two']);
  expect(await places.hostsOf(B)).toEqual(['two']);
});

it('looks once for many questions, and again after five seconds', async () => {
  const { clock, state, places } = fixture([registration('one', [A])]);
  await Promise.all(Array.from({ length: 50 }, () => places.hostsOf(A)));
  clock.advance(4_999);
  await places.hostsOf(A);
  expect(state.reads).toBe(1);
  state.registrations = [registration('two', [A])];
  clock.advance(1);
  expect(await places.hostsOf(A)).toEqual(['two']);
  expect(state.reads).toBe(2);
});

it('looks at once for a manager it does not know, but once a second at most', async () => {
  const { clock, state, places } = fixture([registration('one', [A])]);
  await places.hostsOf(A);
  for (let question = 0; question < 10; question += 1) expect(await places.hostsOf(B)).toEqual([]);
  expect(state.reads).toBe(1);
  state.registrations = [registration('one', [A]), registration('new', [B])];
  clock.advance(1_000);
  expect(await places.hostsOf(B)).toEqual(['new']);
  expect(state.reads).toBe(2);
});

it('does not remember a failure', async () => {
  const { state, places } = fixture([registration('one', [A])]);
  state.failure = new Error('Redis is away');
  await expect(places.hostsOf(A)).rejects.toThrow('Redis is away');
  state.failure = undefined;
  expect(await places.hostsOf(A)).toEqual(['one']);
});

import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { JobClaim, Registration } from '@sideband/shared/hosts/records';
import type { HostName, JobId, ProjectId, SystemId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { createPlaces } from './place.ts';

const A = 's_aaaaaaaaaaaa' as SystemId;
const B = 's_bbbbbbbbbbbb' as SystemId;
const JOB: JobClaim = { gitlab: 'gitlab.example', project: 7 as ProjectId, job: 1 as JobId };

function registration(host: string, systemIds: readonly SystemId[], instance?: string): Registration {
  const said = { uuid: host, systemIds, seenAt: 0 as Millis, mode: 'observe', engine: '' } as const;
  return { host: host as HostName, ...said, ...(instance !== undefined && { instance }) };
}

function fixture(initial: readonly Registration[], claimedBy: readonly string[] = []) {
  const clock = new ManualClock(1_000_000);
  const state = {
    registrations: initial,
    reads: 0,
    failure: undefined as Error | undefined,
    asked: [] as (readonly string[])[],
  };
  const places = createPlaces(
    {
      async registrations() {
        state.reads += 1;
        if (state.failure !== undefined) throw state.failure;
        return state.registrations;
      },
      async claimants(claim, hosts) {
        expect(claim).toEqual(JOB);
        state.asked.push(hosts);
        return hosts.filter((host) => claimedBy.includes(host));
      },
    },
    clock,
  );
  const placeOf = (manager: SystemId | undefined, instance?: string) =>
    places.placeOf(JOB, { manager, instance });
  const hostsOf = async (manager: SystemId) => (await placeOf(manager)).hosts;
  return { clock, state, places, placeOf, hostsOf };
}

it('finds every host that registered the manager', async () => {
  const { hostsOf } = fixture([registration('one', [A, A]), registration('two', [B, A])]);
  expect(await hostsOf(A)).toEqual(['one', 'two']);
  expect(await hostsOf(B)).toEqual(['two']);
});

it('looks once for many questions, and again after five seconds', async () => {
  const { clock, state, hostsOf } = fixture([registration('one', [A])]);
  await Promise.all(Array.from({ length: 50 }, () => hostsOf(A)));
  clock.advance(4_999);
  await hostsOf(A);
  expect(state.reads).toBe(1);
  state.registrations = [registration('two', [A])];
  clock.advance(1);
  expect(await hostsOf(A)).toEqual(['two']);
  expect(state.reads).toBe(2);
});

it('looks at once for a manager it does not know, but once a second at most', async () => {
  const { clock, state, hostsOf } = fixture([registration('one', [A])]);
  await hostsOf(A);
  for (let question = 0; question < 10; question += 1) expect(await hostsOf(B)).toEqual([]);
  expect(state.reads).toBe(1);
  state.registrations = [registration('one', [A]), registration('new', [B])];
  clock.advance(1_000);
  expect(await hostsOf(B)).toEqual(['new']);
  expect(state.reads).toBe(2);
});

it('does not remember a failure', async () => {
  const { state, hostsOf } = fixture([registration('one', [A])]);
  state.failure = new Error('Redis is away');
  await expect(hostsOf(A)).rejects.toThrow('Redis is away');
  state.failure = undefined;
  expect(await hostsOf(A)).toEqual(['one']);
});

it('prefers the hosts that saw the job’s containers, but it may still be at work on all of its manager', async () => {
  const both = [registration('one', [A]), registration('two', [A]), registration('other', [B])];
  const { placeOf, state } = fixture(both, ['two', 'other']);
  expect(await placeOf(A)).toEqual({ hosts: ['two'], possible: ['one', 'two'], seen: true });
  expect(state.asked).toEqual([['one', 'two']]);
});

it.each([
  ['a manager nobody registered', B],
  ['no manager', undefined],
])('asks every host about a job of %s', async (_, manager) => {
  const all = [registration('one', [A]), registration('two', [])];
  const { placeOf, state } = fixture(all, ['two']);
  expect(await placeOf(manager)).toEqual({ hosts: ['two'], possible: ['two'], seen: true });
  expect(state.asked).toEqual([['one', 'two']]);
  const { placeOf: placeUnclaimed } = fixture(all);
  expect(await placeUnclaimed(manager)).toEqual({ hosts: [], possible: [], seen: false });
});

describe('an autoscaler’s instance', () => {
  const URL = 'https://cloud.example/zones/a/instances/Vm-1';
  const fleet = [
    registration('manager', [A]),
    registration('vm-1', []),
    registration('gold', [A], URL),
    registration('vm-2', [A]),
  ];

  it.each([
    ['that a host registered', URL, 'gold'],
    ['that is called as a host', 'vm-2', 'vm-2'],
    ['that is called as a host but for its capitals', 'VM-1', 'vm-1'],
  ])('%s is the place, and no other machine of the manager is possible', async (_, instance, host) => {
    const { placeOf } = fixture(fleet);
    for (const manager of [A, undefined]) {
      expect(await placeOf(manager, instance)).toEqual({ hosts: [host], possible: [host], seen: false });
    }
  });

  it('gives way to a host that saw the containers', async () => {
    const { placeOf, state } = fixture(fleet, ['vm-2']);
    expect(await placeOf(A, 'vm-1')).toEqual({ hosts: ['vm-2'], possible: ['vm-1', 'vm-2'], seen: true });
    expect(state.asked).toEqual([['vm-1', 'manager', 'gold', 'vm-2']]);
  });

  it('that nobody knows leaves the hosts of the manager, else nothing', async () => {
    const { placeOf, state, clock } = fixture(fleet);
    const managed = ['manager', 'gold', 'vm-2'];
    expect(await placeOf(A, 'vm-9')).toEqual({ hosts: managed, possible: managed, seen: false });
    expect(await placeOf(B, 'vm-9')).toEqual({ hosts: [], possible: [], seen: false });
    state.registrations = [registration('vm-9', [])];
    clock.advance(1_000);
    expect(await placeOf(B, 'vm-9')).toMatchObject({ hosts: ['vm-9'] });
  });
});

it('finds the hosts of several managers, each once', async () => {
  const { places } = fixture([registration('one', [A, B]), registration('two', [B]), registration('x', [])]);
  expect(await places.hostsOf([B, A])).toEqual(['one', 'two']);
  expect(await places.hostsOf([])).toEqual([]);
});

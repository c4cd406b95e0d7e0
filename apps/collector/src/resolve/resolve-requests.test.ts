import type { Millis } from '@sideband/shared/clock';
import type { HostName, SystemId } from '@sideband/shared/names';
import { expect, it } from 'vitest';
import {
  instance,
  MANAGER,
  NOW,
  RECEIVED,
  RUNNER,
  resolverFixture,
  TRACE,
} from './resolver-fixture.suite.ts';

const JOBS = 400;
const NAMES = 10;

/** Every hook of every job arrives. */
it.each([
  ['one request', 1, true],
  ['one request', 8, true],
  ['one request', 32, true],
  ['one request, and one more for each machine that reconcile could not see', 32, false],
])('a job costs GitLab %s, on a runner with %i hosts', async (_, count, areSeen) => {
  const machines = Array.from({ length: count }, (_, index) => ({
    host: `host-${index}` as HostName,
    manager: `s_${String(index).padStart(12, '0')}` as SystemId,
  }));
  const registrations = machines.map(({ host, manager }) => ({ host, systemIds: [manager] }));
  const { put, hear, requests, outcomes, ledger } = resolverFixture({ hosts: [], registrations });
  const managers = machines.map(({ manager }) => manager);
  if (areSeen) await ledger.noteManagers(instance, RUNNER, managers, NOW as Millis);

  for (let id = 1; id <= JOBS; id += 1) {
    const { host, manager: systemId } = machines[id % count] ?? { host: '', manager: MANAGER };
    const name = `job ${id % NAMES}`;
    const startedAt = RECEIVED - 10_000 + id;
    const finishedAt = (startedAt + 1_000) as Millis;
    const trace = TRACE.replace(MANAGER, systemId);
    await hear(id, 'expected', { told: { name } });
    put(id, { name, status: 'running', systemId }, trace);
    const { hosts } = await hear(id, 'running', { told: { name, startedAt }, receivedAt: NOW });
    if (areSeen) expect(hosts).toContain(host);
    put(id, { name, systemId, finishedAt }, trace);
    await hear(id, 'ended', { told: { name, startedAt, finishedAt }, receivedAt: NOW });
  }
  expect(requests()).toEqual({ job: areSeen ? 0 : count, trace: JOBS + NAMES });
  expect(outcomes.filter((outcome) => outcome === 'predicted')).toHaveLength(JOBS - NAMES);
  expect([...(await ledger.managersOf(instance, RUNNER))].sort()).toEqual(managers);
});

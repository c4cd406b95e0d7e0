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

/** Every hook of every job arrives, and reconcile has seen the managers of the runner. */
it.each([1, 8, 32])('a job costs GitLab one request, on a runner with %i hosts', async (count) => {
  const machines = Array.from({ length: count }, (_, index) => ({
    host: `host-${index}` as HostName,
    manager: `s_${String(index).padStart(12, '0')}` as SystemId,
  }));
  const registrations = machines.map(({ host, manager }) => ({ host, systemIds: [manager] }));
  const { put, hear, requests, outcomes, ledger } = resolverFixture({ hosts: [], registrations });
  const managers = machines.map(({ manager }) => manager);
  await ledger.noteManagers(instance, RUNNER, managers, NOW as Millis);

  for (let id = 1; id <= JOBS; id += 1) {
    const { host, manager: systemId } = machines[id % count] ?? { host: '', manager: MANAGER };
    const name = `job ${id % NAMES}`;
    const startedAt = RECEIVED - 10_000 + id;
    const finishedAt = (startedAt + 1_000) as Millis;
    const trace = TRACE.replace(MANAGER, systemId);
    await hear(id, 'expected', { told: { name } });
    put(id, { name, status: 'running', systemId }, trace);
    expect((await hear(id, 'running', { told: { name, startedAt }, receivedAt: NOW })).hosts).toContain(host);
    put(id, { name, systemId, finishedAt }, trace);
    await hear(id, 'ended', { told: { name, startedAt, finishedAt }, receivedAt: NOW });
  }
  expect(requests()).toEqual({ job: 0, trace: JOBS + NAMES });
  expect(outcomes.filter((outcome) => outcome === 'predicted')).toHaveLength(JOBS - NAMES);
});

import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { HostName, SystemId } from '@sideband/shared/names';
import { afterAll, expect, test } from 'vitest';
import type { HookOptions } from '../testkit/gitlab/hook-target.ts';
import { until } from '../testkit/until.ts';
import { DAY_MS, eventsOf, makeDay, WAITED } from './day.ts';
import { aHost, aSystemId, type Fleet, startFleet } from './fleet.ts';
import { startWithoutPolls } from './hooks-alone.ts';
import { runnerOf } from './jobs.ts';
import { registerPaperHost } from './paper-host.ts';

interface Host {
  readonly host: HostName;
  readonly systemId: SystemId;
}

const SEED = 20_261_121;
const day = makeDay(SEED);
const begin = Date.now() - DAY_MS;
const hosts: readonly [Host, Host] = [
  { host: aHost('runner-1'), systemId: aSystemId('a') },
  { host: aHost('runner-2'), systemId: aSystemId('b') },
];
const PROJECTS = ['team/app', 'team/site', 'other/tool'];

const fleets: Fleet[] = [];
afterAll(async () => {
  for (const fleet of fleets) await fleet.stop();
});

interface Day {
  readonly fleet: Fleet;
  readonly hook: HookOptions;
  readonly events: readonly (() => Promise<void>)[];
}

/** GitLab's clock is the day's, so that both runs have the same times. Nothing has begun yet. */
async function prepare(): Promise<Day> {
  const clock = new ManualClock(begin);
  const fleet = await startFleet({ clock });
  fleets.push(fleet);
  for (const { host, systemId } of hosts) await registerPaperHost(fleet, host, systemId);
  const { url, secret, delayMs = { min: 0, max: 20 } } = fleet.hook;
  // Not signed: a signature of yesterday is refused.
  const hook = { url, secret, delayMs };
  fleet.gitlab.pointHookAt(hook);
  const projects = PROJECTS.map((path) => fleet.gitlab.createProject({ path }));
  const runners = hosts.map(({ systemId }) => runnerOf(systemId));
  return { fleet, hook, events: eventsOf(day, { gitlab: fleet.gitlab, clock, projects, runners }) };
}

/** Every key of the evidence. */
async function evidenceOf({ evidence }: Fleet): Promise<unknown> {
  const found = hosts.map(async ({ host }) => {
    const uses = await evidence.recordedUses(host, 10_000);
    return {
      host,
      lastUses: Object.fromEntries(await evidence.lastUses(host)),
      recordedUses: uses.map((use) => JSON.stringify(use)).sort(),
      repullable: [...(await evidence.repullable(host))].sort(),
      leases: await evidence.leases(host, Date.now() as Millis),
    };
  });
  return await Promise.all(found);
}

async function undisturbed(): Promise<unknown> {
  const { fleet, events } = await prepare();
  await startWithoutPolls(fleet);
  for (const happen of events) await happen();
  await fleet.settled();
  expect(await fleet.resolving.queue.getFailedCount()).toBe(0);
  const ran = day.filter(({ startedAt }) => startedAt !== undefined);
  for (const [index, { host }] of hosts.entries()) {
    const here = ran.filter(({ runner }) => runner === index);
    const images = here.reduce((sum, { services }) => sum + 1 + services.length, 0);
    expect(await fleet.evidence.recordedUses(host, 10_000)).toHaveLength(images);
  }
  return await evidenceOf(fleet);
}

test('after a day of outages the evidence is what it is after a day without', async () => {
  const calm = await undisturbed();
  expect(JSON.stringify(calm)).toContain(WAITED);

  const { fleet, hook, events } = await prepare();
  const { gitlab, resolving } = fleet;
  const [{ host }] = hosts;
  let collector = await fleet.startCollector();
  let done = 0;
  /** So many hundredths of the day go by. */
  const pass = async (hundredths: number): Promise<void> => {
    const end = Math.ceil(done + (events.length * hundredths) / 100);
    for (const happen of events.slice(done, end)) await happen();
    done = end;
  };
  const answered = (status: number): number => gitlab.hookCounts().answered[status] ?? 0;

  await pass(8);
  gitlab.pointHookAt({ ...hook, loseShare: 1 });
  await pass(10);
  gitlab.pointHookAt({ ...hook, duplicateShare: 1, delayMs: { min: 0, max: 400 } });
  await pass(10);
  gitlab.holdHooks();
  await pass(12);
  gitlab.pointHookAt(hook);
  await gitlab.releaseHooks('backwards');
  await pass(5);

  await fleet.killRedis();
  await pass(8);
  await gitlab.settled();
  expect(answered(503)).toBeGreaterThan(0);
  await fleet.restoreRedis();

  gitlab.faults.answerNext(6, { status: 502, path: '/trace' });
  gitlab.faults.answerNext(1, { status: 429, retryAfter: 1 });
  await pass(10);
  await gitlab.refuseConnections();
  await pass(8);
  await until('GitLab to be missed', async () => (await resolving.queue.getDelayedCount()) > 0);
  await gitlab.acceptConnections();
  await pass(5);

  // The jobs wait, so nothing of it is in hand when the process is killed.
  gitlab.faults.answerNext(1, { status: 429, retryAfter: 3, path: '/jobs/' });
  await pass(5);
  await gitlab.settled();
  await until('nothing to be in hand', async () => (await fleet.inHand(host)) === 0, { timeoutMs: 20_000 });
  await collector.kill();
  const { unanswered } = gitlab.hookCounts();
  await pass(10);
  await gitlab.settled();
  expect(gitlab.hookCounts().unanswered).toBeGreaterThan(unanswered);
  collector = await fleet.startCollector();
  await pass(100);
  expect(done).toBeGreaterThanOrEqual(events.length);

  await expect.poll(() => evidenceOf(fleet), { timeout: 60_000, interval: 250 }).toEqual(calm);
  await fleet.settled();
  expect(await evidenceOf(fleet)).toEqual(calm);
  expect(await resolving.queue.getFailedCount()).toBe(0);
  const { lost, duplicated } = gitlab.hookCounts();
  expect([lost > 50, duplicated > 50]).toEqual([true, true]);
});

import type { Millis } from '@sideband/shared/clock';
import type { SystemId } from '@sideband/shared/names';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  FINISHED,
  MANAGER,
  NOW,
  ONE,
  RUBY_ID,
  resolverFixture,
  TRACE,
  TWO,
} from './resolver-fixture.suite.ts';
import type { JobEvent } from './resolver-hint.ts';

const OTHER = 's_bbbbbbbbbbbb' as SystemId;

interface Life {
  readonly id: number;
  readonly name: string;
  readonly systemId: SystemId;
  readonly finishedAt: number;
  /** The image that the name stood for then. */
  readonly image: string;
  readonly ran?: false;
}

/** One name on two machines, with a tag that moved in between; another name; and one that nobody picked up. */
const JOBS: readonly Life[] = [
  { id: 1, name: 'test', systemId: MANAGER, finishedAt: FINISHED, image: 'a' },
  { id: 2, name: 'test', systemId: OTHER, finishedAt: FINISHED + 20, image: 'c' },
  { id: 3, name: 'test', systemId: MANAGER, finishedAt: FINISHED + 10, image: 'e' },
  { id: 4, name: 'lint', systemId: OTHER, finishedAt: FINISHED, image: 'a' },
  { id: 5, name: 'test', systemId: MANAGER, finishedAt: FINISHED, image: 'a', ran: false },
];

interface Heard {
  readonly job: Life;
  readonly status: JobEvent['status'];
  readonly told: boolean;
}

const heard: fc.Arbitrary<Heard> = fc
  .record({
    job: fc.constantFrom(...JOBS),
    status: fc.constantFrom('expected' as const, 'running' as const, 'ended' as const),
    told: fc.boolean(),
  })
  .filter(({ job, status }) => job.ran !== false || status !== 'running');

/** Two orders of the same events, each with repetitions of its own; every job’s end is among them. */
const twoOrders = fc
  .tuple(fc.array(heard, { maxLength: 12 }), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }))
  .map(([events, told]) => [
    ...events,
    ...JOBS.map((job, index) => ({ job, status: 'ended' as const, told: told[index] === true })),
  ])
  .chain((events) => {
    const all = { minLength: events.length, maxLength: events.length };
    const order = fc
      .tuple(fc.shuffledSubarray(events, all), fc.array(fc.constantFrom(...events), { maxLength: 6 }))
      .map(([shuffled, again]) => [...shuffled, ...again]);
    return fc.tuple(order, order);
  });

async function evidenceAfter(events: readonly Heard[]) {
  const { store, put, hear } = resolverFixture({ registrations: [{ host: TWO, systemIds: [OTHER] }] });
  for (const { id, name, systemId, finishedAt, image, ran } of JOBS) {
    const life = { name, systemId, finishedAt: finishedAt as Millis };
    const trace = TRACE.replace(MANAGER, systemId).replaceAll(RUBY_ID, `sha256:${image.repeat(64)}`);
    if (ran === false)
      put(id, { ...life, status: 'canceled', startedAt: undefined, systemId: undefined }, '');
    else put(id, life, trace);
  }
  for (const { job, status, told } of events) {
    const { name, ran } = job;
    const end = status === 'ended' && { finishedAt: job.finishedAt };
    const details = { name, ...end, ...(ran === false && { startedAt: undefined, runner: undefined }) };
    await hear(job.id, status, told ? { told: details } : {});
  }
  const evidence = [];
  for (const host of [ONE, TWO]) {
    evidence.push({
      lastUses: [...(await store.lastUses(host))].sort(([a], [b]) => (a < b ? -1 : 1)),
      uses: await store.recordedUses(host, 100),
      repullable: [...(await store.repullable(host))].sort(),
      leases: await store.leases(host, NOW as Millis),
    });
  }
  return evidence;
}

it('any order and any repetition of what is heard of jobs leaves the same evidence', async () => {
  const once = await evidenceAfter(JOBS.map((job) => ({ job, status: 'ended', told: false })));
  expect(once.map(({ uses, leases }) => [uses.length, leases.length])).toEqual([
    [4, 0],
    [4, 0],
  ]);
  await fc.assert(
    fc.asyncProperty(twoOrders, async (orders) => {
      for (const order of orders) expect(await evidenceAfter(order)).toEqual(once);
    }),
    { numRuns: 150 },
  );
});

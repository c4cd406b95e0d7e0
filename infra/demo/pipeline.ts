import type { JournalEntry } from '@sideband/shared/hosts/records';
import { until } from '../testkit/until.ts';
import type { DemoRunner } from './demo-runner.ts';
import type { Week } from './week/load-week.ts';
import type { World } from './world.ts';

export interface Pipeline {
  /** Resolves when every hook was answered and every job that was heard of is resolved. */
  settle(): Promise<void>;
  /** Has the reaper look, plan and reap, and writes what it evicted into the sequence. */
  check(): Promise<void>;
  /** Asks the reaper for room, as an operator would. */
  makeRoom(freeBytes: number): Promise<void>;
  /** Reads what is new in the journal. */
  follow(): Promise<void>;
  readonly evictions: () => number;
  /** Evictions of an image that a running job had a container of. */
  readonly violations: () => number;
  readonly last: () => JournalEntry | undefined;
}

const CHECK_TIMEOUT_MS = 120_000;
const SETTLE = { timeoutMs: 60_000, everyMs: 3 };
const JOURNAL_PAGE = 200;

/** Drives the product from outside: hooks settle, checks are asked for, the journal is read. */
export function createPipeline(world: World, week: Week, runner: () => DemoRunner): Pipeline {
  const numbers = new Map([...week.images].map(([number, image]) => [canonical(image.reference), number]));
  let seen: string | undefined;
  let last: JournalEntry | undefined;
  let evictions = 0;
  let violations = 0;

  const follow = async (): Promise<void> => {
    const fresh: JournalEntry[] = [];
    for (const entry of await world.records.journal(world.host, JOURNAL_PAGE)) {
      if (JSON.stringify(entry) === seen) break;
      fresh.unshift(entry);
    }
    for (const entry of fresh) {
      seen = JSON.stringify(entry);
      if (entry.outcome !== 'evicted') continue;
      last = entry;
      evictions += 1;
      const image = entry.names.map((name) => numbers.get(name)).find((number) => number !== undefined);
      if (image === undefined)
        throw new Error(`The journal names an image that is not in the week: ${entry.names}`);
      if (runner().imagesInUse().has(image)) violations += 1;
      runner().sequence.push(['evict', image]);
    }
  };
  const ask = async (
    name: 'check' | 'reap',
    payload: { readonly freeBytes?: number; readonly fresh?: boolean },
  ): Promise<void> => {
    const answer = await world.reaper.ask(name, payload, CHECK_TIMEOUT_MS);
    if (answer.kind !== 'done')
      throw new Error(`The reaper did not answer a ${name}: ${JSON.stringify(answer)}`);
    await follow();
  };
  return {
    settle: async () => {
      await world.gitlab.settled();
      await until('the collector to resolve all jobs', async () => (await world.unresolved()) === 0, SETTLE);
    },
    // The runner's acts are moments old: the reaper is not to go by what it remembers of the engine.
    check: () => ask('check', { fresh: true }),
    makeRoom: (freeBytes) => ask('reap', { freeBytes }),
    follow,
    evictions: () => evictions,
    violations: () => violations,
    last: () => last,
  };
}

function canonical(reference: string): string {
  return reference.includes('/') ? reference : `docker.io/library/${reference}`;
}

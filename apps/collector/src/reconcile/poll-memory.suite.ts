import { ManualClock, type Millis } from '@sideband/shared/clock';
import type { InstanceName, JobId, ProjectId, RunnerId } from '@sideband/shared/names';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BackFill, PollMemory, PollMemoryBounds, ProjectMemory } from './poll-memory.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 21);
const gitlab = 'gitlab.example' as InstanceName;
const other = 'other.example' as InstanceName;
const project = 7 as ProjectId;
const runner = 3 as RunnerId;

const at = (ms: number): Millis => (NOW + ms) as Millis;
const ids = (...numbers: number[]): ProjectId[] => numbers as ProjectId[];

export function describePollMemory(
  name: string,
  make: (clock: ManualClock, bounds: PollMemoryBounds) => Promise<PollMemory>,
): void {
  describe(`what polls remember, ${name}`, () => {
    let clock: ManualClock;
    let memory: PollMemory;

    beforeEach(async () => {
      clock = new ManualClock(NOW);
      memory = await make(clock, { lookBackMs: 7 * DAY, projects: 4 });
    });

    it.each<[string, ProjectMemory]>([
      [
        'open and owed jobs',
        {
          ...{ begunAt: at(0), highest: 12 },
          unsettled: {
            open: new Map([[12 as JobId, at(-5)]]),
            owed: new Map([[11 as JobId, { createdAt: at(-9), since: at(0) }]]),
          },
        },
      ],
      ['no jobs', { begunAt: at(0), highest: 0, unsettled: { open: new Map(), owed: new Map() } }],
      ['too many to be kept', { begunAt: at(1), highest: 9_007_199_254_740_991, unsettled: undefined }],
    ])('keeps a project with %s', async (_, kept) => {
      expect(await memory.project(gitlab, project)).toBeUndefined();
      await memory.keepProject(gitlab, project, { ...kept, highest: 1 });
      await memory.keepProject(gitlab, project, kept);
      expect(await memory.project(gitlab, project)).toEqual(kept);
      expect(await memory.project(other, project)).toBeUndefined();
      expect(await memory.project(gitlab, 8 as ProjectId)).toBeUndefined();
    });

    it('tells since when there is one', async () => {
      expect(await memory.since()).toBe(at(0));
      clock.advance(6 * DAY);
      expect(await memory.since()).toBe(at(0));
    });

    it('keeps how far a runner’s jobs were read', async () => {
      expect(await memory.runner(gitlab, runner)).toBeUndefined();
      await memory.keepRunner(gitlab, runner, { begunAt: at(0), highest: 40 });
      await memory.keepRunner(gitlab, runner, { begunAt: at(1), highest: 41 });
      expect(await memory.runner(gitlab, runner)).toEqual({ begunAt: at(1), highest: 41 });
      expect(await memory.runner(other, runner)).toBeUndefined();
    });

    it('knows projects that were seen within the look-back', async () => {
      await memory.noteProjects(gitlab, ids(10, 9), at(0));
      await memory.noteProjects(gitlab, ids(9, 11), at(DAY));
      await memory.noteProjects(gitlab, ids(9), at(0));
      await memory.noteProjects(gitlab, [], at(0));
      expect(await memory.seenProjects(gitlab)).toEqual([9, 10, 11]);
      expect(await memory.seenProjects(other)).toEqual([]);
      clock.advance(7 * DAY + 1);
      expect(await memory.seenProjects(gitlab)).toEqual([9, 11]);
    });

    it('keeps the projects that were seen last, of too many', async () => {
      for (const id of [3, 5, 1, 4, 2, 6]) await memory.noteProjects(gitlab, ids(id), at(id));
      expect(await memory.seenProjects(gitlab)).toEqual([3, 4, 5, 6]);
    });

    it('keeps each project’s back-fill until it is told to forget it', async () => {
      const begun: BackFill = {
        ...{ begunAt: at(0), reachedAt: at(-1), below: undefined, target: at(-7 * DAY), found: 0 },
      };
      const further = { ...begun, reachedAt: at(-DAY), below: 17 as JobId, found: 9 };
      expect(await memory.backFills(gitlab)).toEqual(new Map());
      await memory.keepBackFill(gitlab, project, begun);
      await memory.keepBackFill(gitlab, 8 as ProjectId, begun);
      await memory.keepBackFill(gitlab, project, further);
      expect(await memory.backFill(gitlab, project)).toEqual(further);
      expect(await memory.backFill(gitlab, 9 as ProjectId)).toBeUndefined();
      expect(await memory.backFills(gitlab)).toEqual(
        new Map([
          [project, further],
          [8, begun],
        ]),
      );
      expect(await memory.backFills(other)).toEqual(new Map());
      await memory.forgetBackFills(gitlab, []);
      await memory.forgetBackFills(gitlab, ids(8, 9));
      expect([...(await memory.backFills(gitlab)).keys()]).toEqual([project]);
    });
  });
}

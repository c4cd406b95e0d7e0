import type { Clock, Millis } from '@sideband/shared/clock';
import { isSidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import type { InstanceName, ProjectId } from '@sideband/shared/names';
import type { GitLab } from '../gitlab/port.ts';
import { measureBackFills } from './back-fill-progress.ts';
import { type FillParts, fillProject, isFilled } from './fill-project.ts';
import { isGitLabsFailure } from './gitlabs-failure.ts';
import type { Leisure } from './leisure.ts';
import { type BackFill, MOST_BACK_FILLS, type PollMemory } from './poll-memory.ts';
import { settleAll } from './settle-all.ts';

export interface BackFillerParts extends FillParts {
  readonly gitlabs: ReadonlyMap<InstanceName, GitLab>;
  readonly memory: PollMemory;
  /** How many events of a GitLab's back-fill wait to be looked up. */
  readonly laterWaiting: (instance: InstanceName) => Promise<number>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Reads the past of projects that are new to the collector: of each GitLab the newest first, of all at a time. */
interface BackFiller {
  isPending(): Promise<boolean>;
  /**
   * Reads on until nothing is left, or the time or the leisure is over; the next call goes on there, in whichever
   * process. GitLabs that are `limited` are left alone. Throws `REDIS_UNAVAILABLE` and the signal's reason.
   */
  fill(until: Millis, leisure: Leisure, limited?: { has(instance: InstanceName): boolean }): Promise<void>;
}

/** Events that may wait: a megabyte of Redis, and at 600 requests a minute a minute and a half of looking up. */
const ROOM = 1_000;
const LOOK_AGAIN_MS = 5_000;
/** A GitLab that failed so often in a row is left alone until the next poll. */
const GIVE_UP_AFTER = 3;
const FAILURE_PAUSE_MS = 10_000;
/** The progress of a back-fill that is done is shown for a week. */
const SHOWN_MS = 7 * 86_400_000;

interface Source {
  readonly gitlab: GitLab;
  readonly fills: Map<ProjectId, BackFill>;
}

export function createBackFiller(parts: BackFillerParts): BackFiller {
  const { gitlabs, memory, clock, log } = parts;

  async function load(): Promise<Source[]> {
    const sources: Source[] = [];
    for (const gitlab of gitlabs.values()) {
      const fills = new Map(await memory.backFills(gitlab.instance));
      sources.push({ gitlab, fills });
    }
    return sources;
  }

  async function step(
    { gitlab, fills }: Source,
    project: ProjectId,
    room: () => Promise<boolean>,
  ): Promise<void> {
    const fill = fills.get(project);
    if (fill === undefined) return;
    try {
      fills.set(project, await fillProject(parts, gitlab, project, fill, room));
    } catch (error) {
      const isOut = isSidebandError(error, 'GITLAB_REFUSED') || isSidebandError(error, 'GITLAB_NOT_FOUND');
      if (!isOut) throw error;
      const done = { ...fill, reachedAt: fill.target };
      await memory.keepBackFill(gitlab.instance, project, done);
      fills.set(project, done);
    }
  }

  async function fillSource(source: Source, until: Millis, leisure: Leisure): Promise<void> {
    const { instance } = source.gitlab;
    const room = async (): Promise<boolean> => {
      while (!leisure.isOver() && clock.now() < until) {
        if ((await parts.laterWaiting(instance)) < ROOM) return true;
        await leisure.pause(Math.min(LOOK_AGAIN_MS, until - clock.now()));
      }
      return false;
    };
    let failures = 0;
    while (failures < GIVE_UP_AFTER && (await room())) {
      const project = newestOf(source);
      if (project === undefined) break;
      try {
        await step(source, project, room);
        failures = 0;
      } catch (error) {
        if (!isGitLabsFailure(error)) throw error;
        failures += 1;
        log.warn({ instance, project, err: error }, 'Back-fill met a failure of GitLab');
        await leisure.pause(Math.min(error.retryAfterMs ?? FAILURE_PAUSE_MS, until - clock.now()));
      }
    }
    const progress = measureBackFills(instance, [...source.fills.values()]);
    log.info(progress, 'Back-fill: so far the past has been read');
  }

  async function forgetOld({ gitlab: { instance }, fills }: Source): Promise<void> {
    const oldest = clock.now() - SHOWN_MS;
    const doneFirst = [...fills].sort(
      ([, a], [, b]) => Number(isFilled(b)) - Number(isFilled(a)) || a.begunAt - b.begunAt,
    );
    const tooMany = Math.max(0, doneFirst.length - MOST_BACK_FILLS);
    const over = doneFirst.filter(
      ([, fill], index) => index < tooMany || (isFilled(fill) && fill.begunAt < oldest),
    );
    await memory.forgetBackFills(
      instance,
      over.map(([project]) => project),
    );
  }

  return {
    isPending: async () => (await load()).some(isUnfinished),

    async fill(until, leisure, limited) {
      const sources = (await load()).filter(isUnfinished);
      const free = sources.filter(({ gitlab }) => limited?.has(gitlab.instance) !== true);
      await settleAll(free.map((source) => fillSource(source, until, leisure)));
      for (const source of await load()) await forgetOld(source);
    },
  };
}

function isUnfinished({ fills }: Source): boolean {
  return [...fills.values()].some((fill) => !isFilled(fill));
}

/** The project of which the least has been read: so what is not known yet is older than all that is. */
function newestOf({ fills }: Source): ProjectId | undefined {
  let newest: { readonly project: ProjectId; readonly at: Millis } | undefined;
  for (const [project, fill] of fills) {
    if (isFilled(fill) || (newest !== undefined && fill.reachedAt <= newest.at)) continue;
    newest = { project, at: fill.reachedAt };
  }
  return newest?.project;
}

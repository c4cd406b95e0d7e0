import type { Millis } from '@sideband/shared/clock';
import type { InstanceName, ProjectId, RunnerId } from '@sideband/shared/names';

/** What a poll has done in one GitLab. */
export interface InstanceRound {
  readonly projects: Set<ProjectId>;
  readonly runners: Set<RunnerId>;
  /** Jobs in these projects that ended long ago and could not be looked up. */
  overdue: number;
  /** Those not done yet; first those that the round before did not come to. */
  order(projects: readonly ProjectId[]): readonly ProjectId[];
}

/** One poll, also where the queue begins it again after a pause that GitLab asked for. */
interface Round {
  readonly begunAt: Millis;
  of(instance: InstanceName): InstanceRound;
}

interface Rounds {
  /**
   * A poll that was stopped goes on where it was stopped, under the same id, also where others came between; another
   * one begins there.
   */
  begin(jobId: string, now: Millis): Round;
  /** What they found is lost. */
  forget(): void;
}

interface Done extends Round {
  readonly jobId: string;
  readonly instances: ReadonlyMap<InstanceName, InstanceRound>;
}

/** Polls that wait at a time, each for a limit. One takes 2 MB where there are 50,000 projects. */
const KEPT = 8;

/**
 * Without this the projects at the end of a long list would starve where each poll is stopped by a limit, and no poll
 * would ever have been through all of them.
 */
export function createRounds(): Rounds {
  /** The one begun last is the last. */
  let kept: readonly Done[] = [];
  return {
    begin(jobId, now) {
      const round = kept.find((one) => one.jobId === jobId) ?? createRound(jobId, now, kept.at(-1));
      kept = [...kept.filter((one) => one !== round), round].slice(-KEPT);
      return round;
    },
    forget() {
      kept = [];
    },
  };
}

function createRound(jobId: string, begunAt: Millis, before: Done | undefined): Done {
  const instances = new Map<InstanceName, InstanceRound>();
  // The round before itself would hold the one before it, and so on.
  const doneBefore = new Map(Array.from(before?.instances ?? [], ([name, { projects }]) => [name, projects]));
  return {
    ...{ jobId, begunAt, instances },
    of(instance) {
      const known = instances.get(instance);
      if (known !== undefined) return known;
      const round = createInstanceRound(doneBefore.get(instance) ?? new Set());
      instances.set(instance, round);
      return round;
    },
  };
}

function createInstanceRound(doneBefore: ReadonlySet<ProjectId>): InstanceRound {
  const projects = new Set<ProjectId>();
  const runners = new Set<RunnerId>();
  return {
    ...{ projects, runners, overdue: 0 },
    order(all) {
      const left = all.filter((project) => !projects.has(project));
      return [
        ...left.filter((project) => !doneBefore.has(project)),
        ...left.filter((project) => doneBefore.has(project)),
      ];
    },
  };
}

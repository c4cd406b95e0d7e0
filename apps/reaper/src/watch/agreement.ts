import type { Clock, Millis } from '@sideband/shared/clock';
import type { Identity, RecordedUse, Role } from '@sideband/shared/evidence/model';
import type { Log } from '@sideband/shared/log';
import { formatJobKey, type JobKey } from '@sideband/shared/names';
import type { ContainerEvent } from '../engine/port.ts';

/**
 * `gitlab-only`: GitLab says that the job used an image of which watch saw no container. `watch-only`: watch saw one
 * of an image that GitLab did not name. `unheard`: GitLab said nothing of a job that was here.
 */
export type Disagreement = 'gitlab-only' | 'watch-only' | 'unheard';

/** A container of a job, as watch saw it. */
export interface JobContainer {
  readonly job: JobKey;
  readonly role: Role;
  readonly image: readonly Identity[];
  /** By the fleet's clock. */
  readonly at: Millis;
  readonly action: ContainerEvent['action'] | 'listed';
}

/** Whether what watch sees and what GitLab says of the same jobs is the same. Helper images are left out: a trace does not always name them. */
export interface Agreement {
  saw(container: JobContainer): void;
  /** Events were missed, so of the jobs under way not all is known. */
  interrupted(): void;
  /** Whether there is a job to compare: GitLab's side is read only for that. */
  isDue(): boolean;
  /** Reports each difference once, of jobs that watch saw from beginning to end. Of GitLab's side only what is fresh counts. */
  compare(
    recorded: readonly RecordedUse[],
    freshness: { readonly kind: 'fresh' | 'stale' | 'watch-only'; readonly asOf: Millis | undefined },
  ): void;
}

/** From a job's end: until then its hook, its trace and its last events are still on their way. */
const SETTLE_MS = 2 * 60_000;
/** By then GitLab's side has been polled several times for jobs whose hook was lost. */
const UNHEARD_MS = 30 * 60_000;
/** One with two images takes 1.3 kB (measured). Of more jobs at a time the oldest are not compared. */
const MAX_JOBS = 2_000;
const MAX_IMAGES = 32;

interface SeenJob {
  readonly job: JobKey;
  /** By the first of their identities. */
  readonly images: Map<Identity, { readonly role: Role; readonly image: readonly Identity[] }>;
  hasBuild: boolean;
  /** Kept so that its last events, told again after a gap, do not have it compared again. */
  isCompared: boolean;
  /** `at` by the fleet's clock, `heardAt` by our own. */
  ended: { readonly at: Millis; readonly heardAt: Millis } | undefined;
}

export function createAgreement(parts: {
  readonly log: Log;
  readonly count: (kind: Disagreement) => void;
  readonly clock: Clock;
}): Agreement {
  const { log, count, clock } = parts;
  const jobs = new Map<string, SeenJob>();

  function report(kind: Disagreement, job: JobKey, role: Role, image: string): void {
    count(kind);
    log.warn(
      { kind, image, role, job: formatJobKey(job) },
      'Watch and GitLab differ about an image of a job',
    );
  }

  function compareJob(seen: SeenJob, said: readonly RecordedUse[]): void {
    const images = [...seen.images.values()];
    const known = new Set(images.flatMap(({ image }) => image));
    const named = new Set(said.map(({ identity }) => identity));
    for (const { role, identity } of said) {
      if (role === 'helper' || known.has(identity)) continue;
      report('gitlab-only', seen.job, role, identity);
    }
    for (const { role, image } of images) {
      if (image.some((identity) => named.has(identity))) continue;
      report('watch-only', seen.job, role, nameOf(image));
    }
  }

  function reportUnheard({ job, images }: SeenJob): void {
    for (const { role, image } of images.values()) {
      if (role === 'build') report('unheard', job, role, nameOf(image));
    }
  }

  return {
    saw: ({ job, role, image, at, action }) => {
      const [first] = image;
      if (first === undefined || (role !== 'build' && role !== 'service')) return;
      const key = keyOf(job);
      const seen = jobs.get(key) ?? {
        job,
        images: new Map(),
        hasBuild: false,
        isCompared: false,
        ended: undefined,
      };
      jobs.set(key, seen);
      // With the names it had before: what GitLab says may be one that has moved on since.
      const names = new Set([...image, ...(seen.images.get(first)?.image ?? [])]);
      if (seen.images.size < MAX_IMAGES) seen.images.set(first, { role, image: [...names] });
      if (role === 'build' && action === 'create') seen.hasBuild = true;
      if (role === 'build' && action === 'destroy' && seen.hasBuild) {
        seen.ended = { at, heardAt: clock.now() };
      }
      const [oldest] = jobs.size > MAX_JOBS ? jobs.keys() : [];
      if (oldest !== undefined) jobs.delete(oldest);
    },
    interrupted: () => {
      for (const [key, { ended }] of jobs) if (ended === undefined) jobs.delete(key);
    },
    isDue: () =>
      [...jobs.values()].some(
        ({ ended, isCompared }) =>
          ended !== undefined && !isCompared && clock.now() - ended.heardAt >= SETTLE_MS,
      ),
    compare: (recorded, { kind, asOf }) => {
      if (kind !== 'fresh' || asOf === undefined) return;
      const told = toldByGitLab(recorded);
      for (const [key, seen] of jobs) {
        const { ended } = seen;
        if (ended === undefined || seen.isCompared || asOf < ended.at) continue;
        const ageMs = clock.now() - ended.heardAt;
        const said = told.get(key);
        if (ageMs < SETTLE_MS || (said === undefined && ageMs < UNHEARD_MS)) continue;
        seen.isCompared = true;
        if (said === undefined) reportUnheard(seen);
        else compareJob(seen, said);
      }
    },
  };
}

/** Without the instance, which has another name here as long as the collector's is not known. */
function keyOf({ project, job }: JobKey): string {
  return `${project}/${job}`;
}

/** By job. Where its trace could be read, what its configuration says is the weaker half of the same. */
function toldByGitLab(recorded: readonly RecordedUse[]): ReadonlyMap<string, readonly RecordedUse[]> {
  const told = new Map<string, RecordedUse[]>();
  for (const source of ['trace', 'configuration'] as const) {
    const already = new Set(told.keys());
    for (const use of recorded) {
      const key = keyOf(use.job);
      if (use.source !== source || already.has(key)) continue;
      const uses = told.get(key) ?? [];
      told.set(key, uses);
      uses.push(use);
    }
  }
  return told;
}

/** A name says more to a reader than an id. */
function nameOf(image: readonly Identity[]): string {
  return image.at(-1) ?? '';
}

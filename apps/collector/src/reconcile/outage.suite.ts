import { ManualClock } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { createMemoryEvidenceStore } from '@sideband/shared/evidence/memory-store';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { ProjectId } from '@sideband/shared/names';
import { createMemoryGitLab } from '../gitlab/memory-gitlab.ts';
import { createDayCollector } from './outage-collector.suite.ts';
import {
  type Change,
  changesOf,
  type DayJob,
  HOSTS,
  instance,
  MANAGERS,
  MINUTE,
  moment,
  START,
} from './outage-day.suite.ts';

/** From one minute of the day to before another. */
type Span = readonly [from: number, to: number];

export interface Disturbance {
  /** No hook of what happens then comes. */
  readonly hooksLost: readonly Span[];
  /** Neither hooks nor polls nor looking up; what is queued stays queued. */
  readonly away: readonly Span[];
  /** GitLab answers nothing, so long that nothing is tried again. */
  readonly gitlabAway: readonly Span[];
  /** The same, but it lists jobs still. */
  readonly tracesAway: readonly Span[];
  /** By turns for the hooks: minutes after the event at which one comes, once for each number. */
  readonly deliveries: readonly (readonly number[])[];
  /** Redis is emptied at this minute. */
  readonly forgetsAt: number | undefined;
}

export const CALM: Disturbance = {
  ...{ hooksLost: [], away: [], gitlabAway: [], tracesAway: [] },
  ...{ deliveries: [[0]], forgetsAt: undefined },
};
const LISTS = ['projects', 'jobs', 'runners'] as const;
const LOOK_UPS = ['job', 'trace'] as const;
const PROJECTS: readonly number[] = [1, 2];
/** As long as the longest silences together: what could not be looked up is brought up again by then. */
const AFTERWARDS = 32 * 60;

/** Everything the evidence store has after such a day and the polls that follow it. */
export async function liveThrough(jobs: readonly DayJob[], disturbance: Disturbance): Promise<unknown> {
  const { away, hooksLost, gitlabAway, tracesAway, deliveries, forgetsAt } = disturbance;
  const clock = new ManualClock(START);
  const gitlab = createMemoryGitLab({ instance, projects: PROJECTS as readonly ProjectId[] });
  const evidence = createMemoryEvidenceStore();
  const collector = createDayCollector(clock, gitlab, evidence);
  const happenings: { readonly at: number; act(): Promise<void> | void }[] = [];
  const isAway = (): boolean => isDuring(away, (clock.now() - START) / MINUTE);
  let hooks = 0;

  function send({ at, job, hook }: Change): void {
    if (hook === undefined) return;
    const delays = deliveries[hooks % deliveries.length] ?? [];
    hooks += 1;
    if (isDuring(hooksLost, at)) return;
    for (const delay of delays) {
      happenings.push({
        at: at + delay,
        async act() {
          if (isAway()) return;
          const event = { instance, project: job.project, job: job.id, receivedAt: clock.now(), ...hook };
          await collector.enqueue(`${job.project}-${job.id}-${hook.status}`, event);
        },
      });
    }
  }

  function silence(minutes: number): void {
    const failure = new SidebandError('GITLAB_UNAVAILABLE');
    const listsFail = isDuring(gitlabAway, minutes);
    const lookUpsFail = listsFail || isDuring(tracesAway, minutes);
    for (const method of LISTS) gitlab.fail(method, listsFail ? failure : undefined);
    for (const method of LOOK_UPS) gitlab.fail(method, lookUpsFail ? failure : undefined);
  }

  for (const change of changesOf(jobs)) {
    const { at, job, trace } = change;
    happenings.push({
      at,
      act() {
        gitlab.put(job);
        if (trace !== undefined) gitlab.setTrace(job.project, job.id, trace);
      },
    });
    send(change);
  }
  if (forgetsAt !== undefined) happenings.push({ at: forgetsAt, act: collector.forget });
  const ends = [...away, ...hooksLost, ...gitlabAway, ...tracesAway].map(([, end]) => end);
  const last = Math.max(...ends, ...happenings.map(({ at }) => at));
  for (let at = 0; at <= last + AFTERWARDS; at += 60) {
    happenings.push({ at, act: async () => (isAway() ? undefined : await collector.poll(`poll ${at}`)) });
  }

  for (const { at, act } of happenings.sort((a, b) => a.at - b.at)) {
    clock.advance(moment(at) - clock.now());
    silence(at);
    await act();
    if (!isAway()) await collector.lookUp();
  }
  return await readAll(evidence, clock);
}

function isDuring(spans: readonly Span[], minute: number): boolean {
  return spans.some(([from, to]) => minute >= from && minute < to);
}

async function readAll(evidence: EvidenceStore, clock: ManualClock): Promise<unknown> {
  const late = HOSTS.slice(2);
  for (const manager of MANAGERS.slice(2)) await evidence.unpark(manager, late);
  return await Promise.all(
    HOSTS.map(async (host) => ({
      host,
      lastUses: [...(await evidence.lastUses(host))].sort(([a], [b]) => (a < b ? -1 : 1)),
      recordedUses: await evidence.recordedUses(host, 100_000),
      repullable: [...(await evidence.repullable(host))].sort(),
      leases: await evidence.leases(host, clock.now()),
    })),
  );
}

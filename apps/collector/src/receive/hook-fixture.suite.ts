import { createHmac } from 'node:crypto';
import { ManualClock } from '@sideband/shared/clock';
import type { GroupId, InstanceName, ProjectId } from '@sideband/shared/names';
import Fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import type { HookOutcome, ShedReason } from './hook-outcome.ts';
import type { HookReception } from './hook-reception.ts';
import { type HookOptions, hookRoutes } from './hook-route.ts';
import { type HookSource, hookPath, hookToken, signingKey } from './hook-secret.ts';
import type { OnboardEvent, QueuedEvent } from './job-event.ts';
import { createMemoryDeliveries } from './memory-deliveries.ts';
import { SHED_LIMITS } from './shed.ts';

export const NOW = Date.UTC(2026, 2, 1, 12);
export const MASTER = 'the-newest-master-secret';
export const GITLAB = 'gitlab.example.com' as InstanceName;
export const PROJECT: HookSource = { kind: 'project', project: 7 as ProjectId };
export const GROUP: HookSource = { kind: 'group', group: 3 as GroupId };
export const SYSTEM: HookSource = { kind: 'system' };
export const FILE: HookSource = { kind: 'file' };

export const job = { object_kind: 'build', build_id: 42, build_status: 'running', project_id: 7 };

/** What a route did, beside answering. */
export interface Receiver {
  readonly app: FastifyInstance;
  readonly clock: ManualClock;
  /** By the queue's id, as the queue would have it. */
  readonly queued: Map<string, QueuedEvent['event']>;
  readonly onboarded: OnboardEvent[];
  readonly outcomes: string[];
  readonly sheds: ShedReason[];
  readonly leftOut: number[];
  readonly log: () => string;
}

export function reception(of: Partial<HookReception> = {}): HookReception {
  return { masters: () => [MASTER], require: 'either', allow: undefined, ...of };
}

export async function openReceiver(options: Partial<HookOptions> = {}): Promise<Receiver> {
  const clock = new ManualClock(NOW);
  const queued = new Map<string, QueuedEvent['event']>();
  const onboarded: OnboardEvent[] = [];
  const outcomes: string[] = [];
  const sheds: ShedReason[] = [];
  const leftOut: number[] = [];
  let logged = '';
  // One proxy; fastify takes no number, since it cannot know the proxy's address.
  const app = Fastify({ trustProxy: (_, hop) => hop < 1 });
  await app.register(
    hookRoutes({
      instances: new Map([[GITLAB, reception()]]),
      enqueue: async (events) => {
        for (const { id, event } of events) if (!queued.has(id)) queued.set(id, event);
      },
      onboard: async (event) => onboarded.push(event),
      waiting: async () => 0,
      shedLimits: SHED_LIMITS,
      deliveries: createMemoryDeliveries(clock),
      clock,
      log: pino(
        {},
        {
          write: (line: string) => {
            logged += line;
          },
        },
      ),
      metrics: {
        hookAnswered: (kind: string, outcome: HookOutcome, seconds: number) => {
          if (!(seconds >= 0 && seconds < 10)) throw new Error(`It took ${seconds} s`);
          outcomes.push(`${kind} ${outcome}`);
        },
        hookShed: (reason) => sheds.push(reason),
        buildsLeftOut: (count) => leftOut.push(count),
      },
      ...options,
    }),
  );
  return { app, clock, queued, onboarded, outcomes, sheds, leftOut, log: () => logged };
}

export interface Sending {
  readonly source?: HookSource;
  readonly instance?: InstanceName;
  /** Left out, the right one for the source goes with it; null: none. */
  readonly token?: string | null;
  /** Signs with this master's key. */
  readonly signedBy?: string;
  readonly signedAt?: number;
  readonly id?: string;
  readonly headers?: Record<string, string>;
}

/** Status, and the outcome or code of the answer. */
export type Answer = readonly [status: number, word: string];

/** Sends what GitLab would. */
export async function post({ app }: Receiver, body: unknown, sending: Sending = {}): Promise<Answer> {
  const { source = PROJECT, instance = GITLAB } = sending;
  const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const answer = await app.inject({
    method: 'POST',
    url: hookPath(instance, source),
    headers: {
      'content-type': 'application/json',
      ...proofs(Buffer.from(payload), source, instance, sending),
    },
    payload,
  });
  const { code, outcome } = answer.json();
  return [answer.statusCode, code ?? outcome];
}

function proofs(
  body: Buffer,
  source: HookSource,
  instance: InstanceName,
  of: Sending,
): Record<string, string> {
  const token = of.token === undefined ? hookToken(MASTER, instance, source) : of.token;
  return {
    ...(token === null ? {} : { 'x-gitlab-token': token }),
    ...(of.id === undefined ? {} : { 'idempotency-key': of.id, 'webhook-id': of.id }),
    ...(of.signedBy === undefined ? {} : signature(body, source, instance, of.signedBy, of)),
    ...of.headers,
  };
}

function signature(
  body: Buffer,
  source: HookSource,
  instance: InstanceName,
  master: string,
  { id = 'msg-1', signedAt = NOW }: Sending,
): Record<string, string> {
  const seconds = String(Math.floor(signedAt / 1_000));
  const digest = createHmac('sha256', signingKey(master, instance, source))
    .update(`${id}.${seconds}.`)
    .update(body)
    .digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${digest}` };
}

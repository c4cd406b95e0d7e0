import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRedisEvidenceStore } from '@sideband/shared/evidence/redis-store';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { HostRecords } from '@sideband/shared/hosts/records';
import { createRedisHostRecords } from '@sideband/shared/hosts/redis-records';
import {
  type HostName,
  type InstanceName,
  parseHostName,
  parseSystemId,
  type SystemId,
} from '@sideband/shared/names';
import { type Answer, createAsker } from '@sideband/shared/queues/ask';
import {
  COLLECTOR_PREFIX,
  hostQueue,
  hostQueuePrefix,
  reconcileQueue,
  type resolveQueue,
  resolveQueueOf,
} from '@sideband/shared/queues/catalogue';
import { createProducer, type Producer } from '@sideband/shared/queues/producer';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import { programCommand } from '../demo/programs.ts';
import { type ProjectHooks, projectHooks } from '../demo/project-hooks.ts';
import { type Child, startChild } from '../testkit/child.ts';
import type { HookOptions } from '../testkit/gitlab/hook-target.ts';
import { type GitLabOptions, type GitLabStandIn, startGitLab } from '../testkit/gitlab/stand-in.ts';
import { freePort, type RedisServer, startRedis } from '../testkit/redis.ts';
import type { Sandbox } from '../testkit/sandbox.ts';
import { openLedger } from '../testkit/sweep.ts';
import { temporaryDirectory } from '../testkit/temporary-directory.ts';
import { until } from '../testkit/until.ts';

/** One of the product's programs, as a process of its own. */
export interface Program extends Child {
  /** All that it has printed. */
  log(): Promise<string>;
}

interface ReaperOptions {
  readonly host: HostName;
  readonly sandbox: Sandbox;
  /** YAML; the built-in policy unless told, which only observes. */
  readonly policy?: string;
  readonly systemIds?: readonly SystemId[];
  /** In the fleet's directory: `host` unless told. */
  readonly state?: string;
}

/** How its GitLab is, where a test needs another one than usual. */
type FleetOptions = Pick<GitLabOptions, 'autoDisable' | 'clock' | 'random'>;

/** Redis, a GitLab and all that talks to them, with the ends a test drives it by. */
export interface Fleet {
  readonly directory: string;
  /** Of the collector. */
  readonly url: string;
  readonly secret: string;
  readonly password: string;
  readonly gitlab: GitLabStandIn;
  /** Hooks as they are without a word of the test. */
  readonly hook: HookOptions & ProjectHooks;
  readonly evidence: EvidenceStore;
  readonly records: HostRecords;
  readonly resolving: Producer<(typeof resolveQueue)['jobs']>;
  readonly reconciling: Producer<(typeof reconcileQueue)['jobs']>;
  /** Of every collector, where `startCollector` is not told otherwise; an empty text takes one away. */
  readonly settings: Readonly<Record<string, string>>;
  /** Resolves when it answers. */
  startCollector(settings?: Readonly<Record<string, string>>): Promise<Program>;
  /** Resolves when it says that it runs. */
  startReaper(options: ReaperOptions): Promise<Program>;
  /** The same, without waiting for anything. */
  spawnReaper(options: ReaperOptions): Promise<Program>;
  /** Has the reaper look, plan and reap, as an operator's command does. */
  check(host: HostName): Promise<Answer<{ readonly state: string; readonly evicted: number }>>;
  /** A check that nobody waits for. */
  order(host: HostName): Promise<void>;
  /** Jobs of all queues that some program has in hand. */
  inHand(host: HostName): Promise<number>;
  /** Kills Redis; it comes back at the same port with all that it had acknowledged. */
  killRedis(): Promise<void>;
  restoreRedis(): Promise<void>;
  /** Resolves when every hook was answered and every event of these GitLabs, the fleet's own unless told, is dealt with. */
  settled(timeoutMs?: number, instances?: readonly InstanceName[]): Promise<void>;
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const INSTANCE = 'gitlab-e2e' as InstanceName;

export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const undo: (() => Promise<unknown>)[] = [];
  const { path: directory, remove } = await temporaryDirectory('fleet');
  undo.push(remove);
  const ledger = await openLedger(directory);
  const token = randomBytes(12).toString('hex');
  const secret = randomBytes(12).toString('hex');
  const password = randomBytes(9).toString('base64url');
  const redisDirectory = join(directory, 'redis');
  let server: RedisServer = await startRedis({ directory: redisDirectory, appendOnly: true, ledger });
  undo.push(() => server.stop());
  const redisUrl = server.url;

  const url = `http://127.0.0.1:${await freePort()}`;
  const hook = { ...projectHooks(url, INSTANCE, secret), delayMs: { min: 0, max: 20 } };
  const gitlab = await startGitLab({ ...options, token, hook });
  undo.push(() => gitlab.stop());

  const redis = connectRedis(redisUrl, 'request');
  // Its end is part of some tests, and who asks it meanwhile hears of it.
  redis.on('error', () => undefined);
  undo.push(async () => redis.disconnect());
  await redisReady(redis);
  const own = { connection: redis, prefix: COLLECTOR_PREFIX };
  const resolving = createProducer(resolveQueueOf(INSTANCE), own);
  const reconciling = createProducer(reconcileQueue, own);
  undo.push(() => resolving.close());
  undo.push(() => reconciling.close());

  const hostQueueOf = (host: HostName) => ({ connection: redis, prefix: hostQueuePrefix(host) });

  let started = 0;
  async function start(
    name: 'collector' | 'reaper',
    settings: Readonly<Record<string, string>>,
  ): Promise<Program> {
    started += 1;
    const logFile = join(directory, `${name}-${started}.log`);
    const env = { PATH: process.env['PATH'], SIDEBAND_REDIS: redisUrl, ...settings };
    const child = await startChild({ ...programCommand(name), env, directory: ROOT, logFile, ledger });
    undo.push(() => child.stop(15_000));
    return { ...child, log: () => readFile(logFile, 'utf8') };
  }

  async function spawnReaper(options: ReaperOptions): Promise<Program> {
    const { host, sandbox, policy, systemIds = [], state = host } = options;
    const stateDirectory = join(directory, state);
    await mkdir(stateDirectory, { recursive: true });
    const policyFile = join(stateDirectory, 'policy.yaml');
    if (policy !== undefined) await writeFile(policyFile, policy);
    return start('reaper', {
      SIDEBAND_HOST: host,
      SIDEBAND_ENGINE: `unix://${sandbox.socketPath}`,
      SIDEBAND_STATE_DIR: stateDirectory,
      SIDEBAND_SYSTEM_IDS: systemIds.join(','),
      // The machine's own, if it happens to have one, is none of ours.
      SIDEBAND_SYSTEM_ID_FILE: join(stateDirectory, 'none'),
      SIDEBAND_LOOK_EVERY: '100ms',
      SIDEBAND_CHECK_EVERY: '10s',
      ...(policy === undefined ? {} : { SIDEBAND_POLICY: policyFile }),
    });
  }

  const settings = {
    SIDEBAND_REDIS: redisUrl,
    SIDEBAND_LISTEN: new URL(url).host,
    SIDEBAND_GITLAB_URL: gitlab.url,
    SIDEBAND_GITLAB_NAME: INSTANCE,
    SIDEBAND_GITLAB_TOKEN: token,
    SIDEBAND_HOOK_SECRET: secret,
    SIDEBAND_PASSWORD: password,
    SIDEBAND_RECONCILE_EVERY: '1s',
    // Polls by the second are none of what the budget is for.
    SIDEBAND_GITLAB_REQUESTS_PER_MINUTE: '100000',
  };

  return {
    ...{ directory, url, secret, password, gitlab, hook, resolving, reconciling, settings, spawnReaper },
    evidence: createRedisEvidenceStore(redis),
    records: createRedisHostRecords(redis),
    async startCollector(others = {}) {
      const own = { ...settings, ...others };
      const collector = await start('collector', own);
      const health = `http://${own.SIDEBAND_LISTEN}/health`;
      await untilUp(collector, 'the collector', async () => (await fetch(health)).ok);
      return collector;
    },
    async startReaper(options) {
      const reaper = await spawnReaper(options);
      await untilUp(reaper, 'the reaper', async () => (await reaper.log()).includes('"Reaper runs"'));
      return reaper;
    },
    async check(host) {
      const asker = createAsker(hostQueue, hostQueueOf(host));
      const answer = await asker.ask('check', { fresh: true }, 20_000);
      await asker.close();
      return answer;
    },
    async order(host) {
      const producer = createProducer(hostQueue, hostQueueOf(host));
      await producer.add('check', {});
      await producer.close();
    },
    async inHand(host) {
      const producer = createProducer(hostQueue, hostQueueOf(host));
      const queues = [producer.queue, resolving.queue, reconciling.queue];
      const counts = await Promise.all(queues.map((queue) => queue.getActiveCount()));
      await producer.close();
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async killRedis() {
      process.kill(server.pid, 'SIGKILL');
      await until('Redis to be gone', async () => redis.status !== 'ready');
    },
    async restoreRedis() {
      const { port } = server;
      server = await startRedis({ directory: redisDirectory, port, appendOnly: true, ledger });
      await redisReady(redis);
    },
    async settled(timeoutMs = 30_000, instances = [INSTANCE]) {
      await gitlab.settled();
      const producers = instances.map((instance) => createProducer(resolveQueueOf(instance), own));
      const isDone = async (): Promise<boolean> => {
        const counts = await Promise.all(producers.map(unresolved));
        return counts.every((count) => count === 0);
      };
      await until('every event to be dealt with', isDone, { timeoutMs });
      await Promise.all(producers.map((producer) => producer.close()));
    },
    async stop() {
      for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
    },
  };
}

function unresolved({ queue }: Fleet['resolving']): Promise<number> {
  return queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized');
}

async function untilUp(program: Program, what: string, probe: () => Promise<boolean>): Promise<void> {
  const state = await until(
    `${what} to be up`,
    async () => (program.hasExited() ? 'ended' : (await probe()) && 'up'),
    { timeoutMs: 60_000 },
  );
  if (state === 'ended')
    throw new Error(`${what} ended at once; the end of its log:\n${await program.logTail()}`);
}

/** With what the program ended; throws with the end of its log when it goes on for longer than it may. */
export async function exitOf(program: Program): Promise<number | NodeJS.Signals> {
  try {
    await until('a program to end', async () => program.hasExited(), { timeoutMs: 30_000 });
  } catch (error) {
    throw new Error(`It goes on; the end of its log:\n${await program.logTail()}`, { cause: error });
  }
  return program.ended();
}

export function aHost(name: string): HostName {
  const host = parseHostName(name);
  if (!host.ok) throw new Error(host.error.message);
  return host.value;
}

/** `s_` and twelve times this letter. */
export function aSystemId(letter: string): SystemId {
  const id = parseSystemId(`s_${letter.repeat(12)}`);
  if (!id.ok) throw new Error(id.error.message);
  return id.value;
}

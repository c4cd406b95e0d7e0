import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '@sideband/shared/errors';
import { createRedisEvidenceStore } from '@sideband/shared/evidence/redis-store';
import type { EvidenceStore } from '@sideband/shared/evidence/store';
import type { HostRecords } from '@sideband/shared/hosts/records';
import { createRedisHostRecords } from '@sideband/shared/hosts/redis-records';
import {
  type HostName,
  parseHostName,
  parseInstanceName,
  parseSystemId,
  type SystemId,
} from '@sideband/shared/names';
import { type Asker, createAsker } from '@sideband/shared/queues/ask';
import {
  COLLECTOR_PREFIX,
  hostQueue,
  hostQueuePrefix,
  resolveQueueOf,
} from '@sideband/shared/queues/catalogue';
import { createProducer } from '@sideband/shared/queues/producer';
import { connectRedis, redisReady } from '@sideband/shared/redis';
import { type GitLabStandIn, startGitLab } from '../testkit/gitlab/stand-in.ts';
import { freePort, startRedis } from '../testkit/redis.ts';
import { openLedger } from '../testkit/sweep.ts';
import { borrowRedis } from './borrow-redis.ts';
import { demoPolicy } from './demo-policy.ts';
import { type EngineSide, memorySide, sandboxSide } from './engine-side.ts';
import type { Narrator } from './narrator.ts';
import type { DemoOptions } from './options.ts';
import { startCollector, startDemoReaper } from './programs.ts';
import { projectHooks } from './project-hooks.ts';
import type { Week } from './week/load-week.ts';

/** Everything the demonstration started, and the ends it is driven by. */
export interface World {
  readonly host: HostName;
  readonly systemId: SystemId;
  readonly side: EngineSide;
  readonly gitlab: GitLabStandIn;
  readonly evidence: EvidenceStore;
  readonly records: HostRecords;
  readonly reaper: Asker<(typeof hostQueue)['jobs']>;
  /** Jobs the collector has yet to resolve. */
  unresolved(): Promise<number>;
  /** All that is in it is gone, as after a restart without persistence. Throws where the user named the Redis. */
  emptyRedis(): Promise<void>;
  readonly url: string;
  readonly password: string;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly root: string;
  readonly directory: string;
  readonly options: DemoOptions;
  /** Seconds of the week that pass in one. */
  readonly pace: number;
}

/** Starts every part, a line for each. What was started is stopped again when a later part fails. */
export async function startWorld(week: Week, world: WorldOptions, narrator: Narrator): Promise<World> {
  const { directory, options, pace, root } = world;
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    // Whatever cannot be stopped, the rest still is.
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be stopped');
  };
  try {
    const ledger = await openLedger(directory);
    await rm(join(directory, 'state'), { recursive: true, force: true });
    await mkdir(join(directory, 'state'), { recursive: true });
    const place = { root, directory, ledger };

    // A Redis the user names is taken only where no engine of our own can be had either.
    const named = options.engine === 'memory' ? process.env['REDIS_URL'] : undefined;
    const server =
      named === undefined ? await startRedis({ directory: join(directory, 'redis'), ledger }) : undefined;
    const redisUrl = named ?? server?.url ?? '';
    if (server !== undefined) undo.push(() => server.stop());
    if (named !== undefined) undo.push(await borrowRedis(named));
    narrator.step('Redis', server === undefined ? 'the one named by REDIS_URL' : `127.0.0.1:${server.port}`);

    const cacheDirectory = join(directory, 'cache');
    const side =
      options.engine === 'memory'
        ? memorySide(week, options)
        : await sandboxSide(week, options, { directory, cacheDirectory, ledger });
    undo.push(() => side.stop());
    narrator.step('Engine', engineDetail(side));

    const tag = randomBytes(3).toString('hex');
    const host = must(parseHostName(`demo-${tag}`));
    const systemId = must(parseSystemId(`s_${randomBytes(6).toString('hex')}`));
    const instance = must(parseInstanceName(`demo-${tag}`));
    const token = randomBytes(12).toString('hex');
    const secret = randomBytes(12).toString('hex');
    const password = randomBytes(9).toString('base64url');
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const gitlab = await startGitLab({
      token,
      hook: {
        ...projectHooks(url, instance, secret),
        delayMs: { min: 0, max: options.once ? 15 : 400 },
        duplicateShare: 0.05,
      },
    });
    undo.push(() => gitlab.stop());
    narrator.step('GitLab stand-in', gitlab.url);

    const collector = await startCollector(
      {
        SIDEBAND_REDIS: redisUrl,
        SIDEBAND_LISTEN: `127.0.0.1:${port}`,
        SIDEBAND_GITLAB_URL: gitlab.url,
        SIDEBAND_GITLAB_NAME: instance,
        SIDEBAND_GITLAB_TOKEN: token,
        SIDEBAND_HOOK_SECRET: secret,
        SIDEBAND_RECONCILE_EVERY: '5m',
        // A week's jobs come within minutes.
        SIDEBAND_GITLAB_REQUESTS_PER_MINUTE: '100000',
        SIDEBAND_PASSWORD: password,
      },
      url,
      place,
    );
    undo.push(() => collector.stop());
    narrator.step('Collector', url);

    const policyFile = join(directory, 'state', 'policy.yaml');
    await writeFile(policyFile, demoPolicy(options, pace));
    const systemIdFile = join(directory, 'state', '.runner_system_id');
    await writeFile(systemIdFile, systemId);
    const redis = connectRedis(redisUrl, 'request');
    undo.push(async () => redis.disconnect());
    await redisReady(redis);
    const records = createRedisHostRecords(redis);
    const reaper = await startDemoReaper(
      {
        SIDEBAND_REDIS: redisUrl,
        SIDEBAND_HOST: host,
        SIDEBAND_STATE_DIR: join(directory, 'state'),
        SIDEBAND_POLICY: policyFile,
        SIDEBAND_SYSTEM_ID_FILE: systemIdFile,
        ...rhythm(options, pace),
      },
      side,
      place,
      async () => (await records.registrations()).some((one) => one.host === host),
    );
    undo.push(() => reaper.stop());
    narrator.step('Reaper', `${host}, state and logs in ${directory}`);

    const asker = createAsker(hostQueue, { connection: redis, prefix: hostQueuePrefix(host) });
    const resolving = createProducer(resolveQueueOf(instance), {
      connection: redis,
      prefix: COLLECTOR_PREFIX,
    });
    undo.push(async () => {
      await asker.close();
      await resolving.close();
    });
    return {
      host,
      systemId,
      side,
      gitlab,
      evidence: createRedisEvidenceStore(redis),
      records,
      reaper: asker,
      unresolved: () => resolving.queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized'),
      emptyRedis: async () => {
        if (server === undefined) throw new Error('The Redis that REDIS_URL names is not emptied');
        await redis.flushall();
      },
      url,
      password,
      stop,
    };
  } catch (error) {
    await stop().catch((left: unknown) => narrator.line(errorText(left)));
    throw error;
  }
}

/** An operator's 5 s and 60 s at the demonstration's pace; with `--once` the driver asks for each check itself. */
function rhythm(options: DemoOptions, pace: number): Record<string, string> {
  if (options.once) return { SIDEBAND_LOOK_EVERY: '1s', SIDEBAND_CHECK_EVERY: '1h' };
  const at = (milliseconds: number, least: number): string =>
    `${Math.max(least, Math.round(milliseconds / pace))}ms`;
  return { SIDEBAND_LOOK_EVERY: at(5_000, 250), SIDEBAND_CHECK_EVERY: at(60_000, 1_000) };
}

function engineDetail(side: EngineSide): string {
  return 'engine' in side.reach
    ? 'IN-MEMORY: no engine of its own can be started here, so nothing is really pulled or deleted'
    : `${side.name} of its own, on a 2 GiB loop disk; its registry serves 45 images`;
}

function must<T>(parsed: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
  if (!parsed.ok) throw new Error('A name of the demonstration’s own making was refused');
  return parsed.value;
}

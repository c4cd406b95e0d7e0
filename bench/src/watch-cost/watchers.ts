import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { programCommand } from '@sideband/infra/demo/programs';
import { startChild } from '@sideband/infra/testkit/child';
import { openLedger } from '@sideband/infra/testkit/sweep';
import { until } from '@sideband/infra/testkit/until';
import { parseJson } from '@sideband/shared/json';
import * as z from 'zod/mini';
import { cpuSeconds, endedChildrenCpuSeconds } from './cpu-time.ts';
import type { Stage } from './stage.ts';

interface Watcher {
  /** Ends it and answers with the CPU seconds it used, with what it spawned. */
  stop(): Promise<number>;
}

export interface WatcherKind {
  readonly name: string;
  readonly meaning: string;
  start(stage: Stage): Promise<Watcher>;
}

const eventLine = z.object({
  Type: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.object({ image: z.optional(z.string()) }) }),
});

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export const WATCHERS: readonly WatcherKind[] = [
  {
    name: 'nobody',
    meaning: 'the engine alone',
    start: async () => ({ stop: async () => 0 }),
  },
  {
    name: 'sideband',
    meaning: 'the reaper as its program runs it, standing alone, looking and checking as it does by default',
    start: startSideband,
  },
  {
    name: 'events and inspect',
    meaning:
      'docuum’s way: `docker events` and, for each event of a container or an image, a `docker image inspect`; only what the docker commands use is counted',
    start: startEventsAndInspect,
  },
];

async function startSideband({ directory, sandbox }: Stage): Promise<Watcher> {
  const state = join(directory, 'state');
  await mkdir(state, { recursive: true });
  const own = join(directory, 'reaper');
  await mkdir(own, { recursive: true });
  const logFile = join(own, 'reaper.log');
  const { command, args } = programCommand('reaper');
  const child = await startChild({
    command,
    args: [...args, 'run', '--standalone'],
    env: {
      PATH: process.env['PATH'],
      SIDEBAND_ENGINE: `unix://${sandbox.socketPath}`,
      SIDEBAND_STATE_DIR: state,
      SIDEBAND_SYSTEM_ID_FILE: join(state, 'none'),
    },
    directory: ROOT,
    logFile,
    ledger: await openLedger(own),
  });
  // Its start, with a look at every image, is not what a watcher costs.
  await until('the reaper’s first report', async () => existsSync(join(state, 'report.json')), {
    timeoutMs: 120_000,
  });
  const before = await cpuSeconds([child.pid]);
  return {
    stop: async () => {
      const used = (await cpuSeconds([child.pid])) - before;
      await child.stop(20_000);
      return used;
    },
  };
}

async function startEventsAndInspect({ sandbox }: Stage): Promise<Watcher> {
  const docker = ['-H', `unix://${sandbox.socketPath}`];
  const before = await endedChildrenCpuSeconds();
  const events = spawn('docker', [...docker, 'system', 'events', '--format', '{{json .}}'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(events, 'exit');
  let inspecting: Promise<unknown> = Promise.resolve();
  createInterface({ input: events.stdout }).on('line', (line) => {
    const image = imageOf(line);
    if (image === undefined) return;
    const inspect = ['image', 'inspect', '--format', '{{.ID}}', image];
    inspecting = inspecting.then(() =>
      once(spawn('docker', [...docker, ...inspect], { stdio: 'ignore' }), 'exit'),
    );
  });
  return {
    stop: async () => {
      await inspecting;
      events.kill();
      await ended;
      return (await endedChildrenCpuSeconds()) - before;
    },
  };
}

/** The image an event is about, as docuum reads it. */
function imageOf(line: string): string | undefined {
  const event = eventLine.safeParse(parseJson(line));
  if (!event.success) return undefined;
  const { Type, Actor } = event.data;
  if (Type === 'image') return Actor.ID;
  return Type === 'container' ? Actor.Attributes.image : undefined;
}

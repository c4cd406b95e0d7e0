import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '@sideband/reaper/config';
import { createMetrics } from '@sideband/reaper/metrics/metrics';
import { parsePolicy } from '@sideband/reaper/plan/parse-policy';
import { startReaper } from '@sideband/reaper/run';
import { systemClock } from '@sideband/shared/clock';
import { createLog } from '@sideband/shared/log';
import { type Child, startChild } from '../testkit/child.ts';
import type { Ledger } from '../testkit/ledger.ts';
import { until } from '../testkit/until.ts';
import type { EngineSide } from './engine-side.ts';

export interface Program {
  readonly logFile: string;
  stop(): Promise<void>;
}

export interface Place {
  /** The root of the checkout. */
  readonly root: string;
  readonly directory: string;
  readonly ledger: Ledger;
}

type Settings = Readonly<Record<string, string>>;

/** The collector, as a process of its own. Resolves when it answers; throws with the end of its log when it doesn't. */
export async function startCollector(settings: Settings, url: string, place: Place): Promise<Program> {
  const child = await startProgram('collector', settings, place);
  await ready(child, 'the collector', async () => (await fetch(`${url}/health`)).ok);
  return child;
}

/** The reaper, as a process of its own; beside an in-memory engine within this one. */
export async function startDemoReaper(
  settings: Settings,
  side: EngineSide,
  place: Place,
  registered: () => Promise<boolean>,
): Promise<Program> {
  if ('engine' in side.reach) {
    const config = readConfig({ ...settings, SIDEBAND_ENGINE: 'unix:///in-memory' });
    const policyFile = settings['SIDEBAND_POLICY'] ?? '';
    const policy = parsePolicy(await readFile(policyFile, 'utf8'), policyFile);
    const log = createLog('reaper', 'error');
    const { engine } = side.reach;
    const reaper = await startReaper({
      ...{ config, policy, engine, log },
      disk: side.disk,
      clock: systemClock,
      metrics: createMetrics(systemClock),
    });
    await until('the reaper to register', registered);
    return { logFile: '', stop: () => reaper.stop() };
  }
  const child = await startProgram(
    'reaper',
    { ...settings, SIDEBAND_ENGINE: `unix://${side.reach.socketPath}` },
    place,
  );
  await ready(child, 'the reaper', registered);
  return child;
}

/** How one of the product's programs is run from a checkout, in its root. */
export function programCommand(name: 'collector' | 'reaper'): {
  readonly command: string;
  readonly args: string[];
} {
  const args = ['--import', 'tsx', '--conditions=source', `apps/${name}/src/main.ts`];
  return { command: process.execPath, args };
}

async function startProgram(
  name: 'collector' | 'reaper',
  settings: Settings,
  place: Place,
): Promise<Program & Child> {
  const logFile = join(place.directory, `${name}.log`);
  const child = await startChild({
    ...programCommand(name),
    env: { PATH: process.env['PATH'], ...settings },
    directory: place.root,
    logFile,
    ledger: place.ledger,
  });
  return { ...child, logFile, stop: () => child.stop(20_000) };
}

async function ready(child: Child, what: string, probe: () => Promise<boolean>): Promise<void> {
  const state = await until(
    `${what} to be ready`,
    async () => {
      if (child.hasExited()) return 'exited';
      return (await probe().catch(() => false)) && 'ready';
    },
    { timeoutMs: 60_000 },
  );
  if (state === 'exited')
    throw new Error(`${what} stopped at once; the end of its log:\n${await child.logTail()}`);
}

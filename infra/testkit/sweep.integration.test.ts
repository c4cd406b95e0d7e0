import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { leftIn, NOTHING_LEFT } from './left-in.ts';
import { startSandbox, whyNoSandbox } from './sandbox.ts';
import { skipBecause } from './skip.ts';
import { sweep } from './sweep.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { until } from './until.ts';

/** A run in little: a Redis, a sandbox and a job's container in it. Says when all is there, then waits to be killed. */
const RUN = `
import { busyboxMount } from './busybox.ts';
import { makeImage } from './images.ts';
import { startRedis } from './redis.ts';
import { startSandbox } from './sandbox.ts';
import { openLedger } from './sweep.ts';
const [directory] = process.argv.slice(1);
const ledger = await openLedger(directory);
await startRedis({ directory: directory + '/redis', ledger });
const { docker } = await startSandbox({ directory: directory + '/sandbox', diskBytes: 50e6, ledger });
await makeImage(docker, { names: ['job:1'], layers: [{ seed: 'job', bytes: 10 }] });
const container = await docker.createContainer({
  Image: 'job:1',
  HostConfig: { NetworkMode: 'none', Mounts: [busyboxMount] },
});
await container.start();
console.log('all there');
setInterval(() => {}, 1000);
`;

function startRun(directory: string): ChildProcess {
  const args = ['--import', 'tsx', '--conditions=source', '--input-type=module', '--eval', RUN, directory];
  return spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function untilSaid(run: ChildProcess, words: string): Promise<void> {
  if (run.stdout === null) throw new Error('The run has no output');
  for await (const line of createInterface(run.stdout)) if (line === words) return;
  throw new Error(`The run ended before it said "${words}"`);
}

skipBecause(whyNoSandbox()).test('after kill -9, a sweep undoes all and the next run starts', async () => {
  const temporary = await temporaryDirectory('sweep');
  const run = startRun(temporary.path);
  await untilSaid(run, 'all there');
  await expect(sweep(temporary.path)).rejects.toThrow(`in use by process ${run.pid}`);
  run.kill('SIGKILL');
  await once(run, 'exit');
  // redis-server, containerd, dockerd, the container's shim and the container itself.
  expect(await leftIn(temporary.path)).toMatchObject({ processes: 5, loops: 1 });

  const swept = await sweep(temporary.path);

  expect(swept).toMatchObject({ processes: 5 });
  expect(swept.mounts).toBeGreaterThan(1);
  expect(await leftIn(temporary.path)).toEqual(NOTHING_LEFT);
  expect(existsSync(`${temporary.path}/sandbox/disk.img`)).toBe(false);
  const next = await startSandbox({ directory: `${temporary.path}/next`, diskBytes: 50e6 });
  expect(await next.docker.listContainers({ all: true })).toEqual([]);
  await next.stop();
  await temporary.remove();
});

/** A run's ledger, in this order: owner, Redis, disk file, mount point, run directory, containerd, dockerd. */
const ENTRIES = [1, 2, 3, 4, 5, 6, 7];

skipBecause(whyNoSandbox()).describe('a run that was killed', () => {
  test.each(ENTRIES)(
    'when its ledger had %i entries leaves nothing that a sweep does not find',
    async (entries) => {
      const temporary = await temporaryDirectory('sweep');
      const run = startRun(temporary.path);
      const ledger = `${temporary.path}/ledger.jsonl`;
      await until('the ledger', async () => (await linesOf(ledger)) >= entries, { everyMs: 1 });
      run.kill('SIGKILL');
      await once(run, 'exit');
      await sweep(temporary.path);
      expect(await leftIn(temporary.path)).toEqual(NOTHING_LEFT);
      expect(existsSync(`${temporary.path}/sandbox/disk`)).toBe(false);
      await temporary.remove();
    },
  );
});

async function linesOf(file: string): Promise<number> {
  return (await readFile(file, 'utf8')).split('\n').length - 1;
}

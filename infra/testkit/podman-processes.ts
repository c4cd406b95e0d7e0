import { errorText } from '@sideband/shared/errors';
import type { Child } from './child.ts';
import { processesOf } from './process-table.ts';
import { until } from './until.ts';

/** Throws with the end of its log when the service stops or stays silent for 30 s. */
export async function untilServing(service: Child, ping: () => Promise<unknown>): Promise<void> {
  const answered = await until(
    'podman to answer',
    async () => (service.hasExited() ? 'exited' : (await ping()) && 'serving'),
    { timeoutMs: 30_000 },
  ).catch(errorText);
  if (answered === 'serving') return;
  const what = answered === 'exited' ? 'podman stopped at once' : answered;
  throw new Error(`${what}; the end of its log:\n${await service.logTail()}`);
}

/** Ends what runs below a path: containers, and the conmon that each of them has. */
export async function endAllBelow(path: string): Promise<void> {
  await until(`the end of all in ${path}`, async () => {
    // Again until none is found: one that was starting another may have been quicker than the list.
    const found = await processesOf([], [path]);
    for (const pid of found) end(pid);
    return found.length === 0;
  });
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

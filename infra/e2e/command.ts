import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Fleet } from './fleet.ts';

export interface Ran {
  readonly code: number | null;
  /** Both streams. */
  readonly said: string;
}

const PROGRAM = fileURLToPath(new URL('../../apps/collector/bin/sideband-collector', import.meta.url));

/** Runs `sideband-collector` with the fleet's settings, as an operator does. */
export async function runCommand(
  { directory, settings }: Fleet,
  args: readonly string[],
  others: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const child = spawn(PROGRAM, args, {
    cwd: directory,
    env: { PATH: process.env['PATH'], ...settings, ...others },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'close');
  return { code, said: (await said).join('') };
}

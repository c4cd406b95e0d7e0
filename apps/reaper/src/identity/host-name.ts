import { hostname } from 'node:os';
import { SidebandError } from '@sideband/shared/errors';
import { type HostName, parseHostName } from '@sideband/shared/names';

/** The name the operator gave, else the machine's own in lower case. Throws `CONFIG_INVALID` if that cannot be used. */
export function resolveHostName(configured: HostName | undefined, machine: string = hostname()): HostName {
  if (configured !== undefined) return configured;
  const name = parseHostName(machine.toLowerCase());
  if (name.ok) return name.value;
  throw new SidebandError('CONFIG_INVALID', {
    problems: [
      {
        setting: 'SIDEBAND_HOST',
        problem: `is not set, and this machine's name cannot stand in: ${name.error.message}`,
      },
    ],
  });
}

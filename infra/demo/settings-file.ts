import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { errorText, SidebandError } from '@sideband/shared/errors';

const FILE = 'sideband.env';

/**
 * The environment, with the settings of `sideband.env` in the checkout beneath it: `NAME=value` lines, as in
 * systemd's EnvironmentFile. What the environment itself sets counts more. Throws `CONFIG_INVALID`.
 */
export function settingsOf(root: string, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  let text: string;
  try {
    text = readFileSync(join(root, FILE), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return environment;
    throw new SidebandError(
      'CONFIG_INVALID',
      { problems: [`${FILE}: ${errorText(error)}`] },
      { cause: error },
    );
  }
  return { ...parseEnv(text), ...environment };
}

import { readFile, stat } from 'node:fs/promises';
import { errorText, SidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import { parseSystemId, type SystemId } from '@sideband/shared/names';
import { quote } from '@sideband/shared/quote';

export interface SystemIdSources {
  /** From the settings. */
  readonly configured: readonly SystemId[];
  /** gitlab-runner's `.runner_system_id`. Only this file: the `config.toml` beside it holds tokens. */
  readonly file: string;
  /** From the labels of containers that were seen here (gitlab-runner ≥ 18.4). */
  readonly seen: readonly SystemId[];
}

/** The runner writes 14 characters into it. */
const LARGEST_FILE_BYTES = 256;

/**
 * The runner managers of this host, as of now. Ask again with each heartbeat: the runner writes its file at its own
 * first start, which may come after ours, and a runner that is registered anew may be another manager.
 * None of it is an error but content that is no system id: `CONFIG_INVALID`.
 */
export async function readSystemIds(sources: SystemIdSources, log: Log): Promise<readonly SystemId[]> {
  const written = await readSystemIdFile(sources.file, log);
  return [...new Set([...sources.configured, ...(written === undefined ? [] : [written]), ...sources.seen])];
}

async function readSystemIdFile(path: string, log: Log): Promise<SystemId | undefined> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > LARGEST_FILE_BYTES) throw refused(path, `it has ${size} bytes and is no system id file`);
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof SidebandError) throw error;
    log.info(
      { path, reason: errorText(error) },
      'No system id file; jobs are placed by their containers alone',
    );
    return undefined;
  }
  const id = parseSystemId(text);
  if (id.ok) return id.value;
  // Not quoted: if this is another file than was meant, what is in it may be a secret.
  throw refused(path, 'its content is no system id: expected s_ or r_ and 12 letters or digits');
}

function refused(path: string, reason: string): SidebandError {
  return new SidebandError('CONFIG_INVALID', {
    problems: [{ setting: 'SIDEBAND_SYSTEM_ID_FILE', problem: `names ${quote(path)}: ${reason}` }],
  });
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryDirectory {
  readonly path: string;
  /** Removes the directory and all that is in it. */
  remove(): Promise<void>;
}

/** A new directory `<tmpdir>/sideband-<prefix>-XXXXXX` that only this user can enter. */
export async function temporaryDirectory(prefix: string): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), `sideband-${prefix}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

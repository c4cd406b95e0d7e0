import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';

const manifest = z.object({ version: z.string() });

/** The version of the package that this file is part of. */
export async function readVersion(): Promise<string> {
  const file = new URL('../../package.json', import.meta.url);
  return manifest.parse(JSON.parse(await readFile(file, 'utf8'))).version;
}

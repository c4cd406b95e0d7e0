import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';

const manifest = z.object({ version: z.string() });

/** The version that a `package.json` states. */
export async function readPackageVersion(file: URL): Promise<string> {
  return manifest.parse(JSON.parse(await readFile(file, 'utf8'))).version;
}

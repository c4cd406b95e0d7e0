import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const SKIPPED_FOLDERS = /(?:^|\/)(?:node_modules|dist)(?:\/|$)/;

/** The texts of all files under these folders whose names match, by path from the root, in order. */
export async function readTree(
  root: string,
  folders: readonly string[],
  name: RegExp,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const folder of folders) {
    const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile() && name.test(entry.name))
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
      .filter((file) => !SKIPPED_FOLDERS.test(file));
    for (const file of paths.toSorted()) files.set(file, await readFile(path.join(root, file), 'utf8'));
  }
  return files;
}

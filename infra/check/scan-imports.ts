import path from 'node:path';

export interface Import {
  /** From 1. */
  readonly line: number;
  /** As written: `./port.ts`, `@sideband/shared/clock`, `node:fs`. */
  readonly specifier: string;
  /** The imported file as a path from the root, `apps/reaper/src/engine/port.ts`; undefined for packages. */
  readonly file: string | undefined;
}

// Between the keyword and `from` stand names only: nothing else in a program looks like this. Their number is
// limited so that an `export` of something else ends the search early.
const STATEMENT = /^[ \t]*(?:import|export)\b[\w\s{},*$]{0,4000}?\bfrom\s*['"]([^'"\n]+)['"]/gm;
const SIDE_EFFECT = /^[ \t]*import\s*['"]([^'"\n]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"\n]+)['"]/g;

const PACKAGE_FOLDERS: Readonly<Record<string, string>> = {
  shared: 'libs/shared/src',
  collector: 'apps/collector/src',
  reaper: 'apps/reaper/src',
  bench: 'bench/src',
  infra: 'infra',
};

/** Every import and re-export in a file's text, types included. `importer` is its path from the root. */
export function scanImports(importer: string, text: string): readonly Import[] {
  return [STATEMENT, SIDE_EFFECT, DYNAMIC]
    .flatMap((pattern) => [...text.matchAll(pattern)])
    .map((match) => {
      const [whole, specifier = ''] = match;
      // The line of the specifier, not of a long statement's first word.
      const line = text.slice(0, match.index + whole.length).split('\n').length;
      return { line, specifier, file: resolve(importer, specifier) };
    })
    .toSorted((one, other) => one.line - other.line);
}

function resolve(importer: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(importer), specifier);
  const [, name = '', inside = ''] = /^@sideband\/([^/]+)\/(.+)$/.exec(specifier) ?? [];
  const folder = PACKAGE_FOLDERS[name];
  return folder === undefined ? undefined : `${folder}/${inside}.ts`;
}

import type { MatrixRow, Parallel } from './configuration.ts';
import { isList, isMap, type Tree } from './tree.ts';
import type { Unfolder } from './unfold.ts';

/** GitLab's limit of jobs that one `parallel:` makes. */
const MAX_JOBS = 200;

/** `parallel: 5` or `parallel: {matrix: [{NAME: [a, b]}]}`. Undefined: not set. Null: not understood. */
export function readParallel(
  tree: Tree | undefined,
  { follow }: Unfolder,
  work: { left: number },
): Parallel | null | undefined {
  const parallel = follow(tree) ?? undefined;
  if (parallel === undefined) return undefined;
  if (typeof parallel === 'string') return /^[1-9]\d{0,2}$/.test(parallel) ? Number(parallel) : null;
  const matrix = isMap(parallel) ? follow(parallel.get('matrix')) : undefined;
  if (!isList(matrix) || matrix.length > MAX_JOBS) return null;
  const rows: MatrixRow[] = [];
  let jobs = 0;
  for (const one of matrix) {
    const row = readRow(follow(one), follow, work);
    if (row === undefined) return null;
    jobs += row.reduce((product, [, values]) => product * values.length, 1);
    if (jobs > MAX_JOBS) return null;
    rows.push(row);
  }
  return rows;
}

function readRow(
  tree: Tree | undefined,
  follow: Unfolder['follow'],
  work: { left: number },
): MatrixRow | undefined {
  if (!isMap(tree) || tree.size === 0) return undefined;
  const row: [string, readonly string[]][] = [];
  for (const [name, given] of tree) {
    const one = follow(given) ?? [];
    const values = (isList(one) ? one : [one]).map((value) => follow(value) ?? '');
    const texts = values.filter((value) => typeof value === 'string');
    if (texts.length < values.length || texts.length > MAX_JOBS) return undefined;
    work.left -= texts.reduce((sum, text) => sum + text.length, name.length);
    if (work.left < 0) return undefined;
    row.push([name, texts]);
  }
  return row;
}

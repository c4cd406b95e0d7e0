import { expect, test } from 'vitest';
import { pagesOr } from './pages-or.ts';

const refused = new Error('refused');

async function* failing(pages: readonly unknown[][], error: Error): AsyncGenerator<unknown[], void> {
  yield* pages;
  throw error;
}

async function* whole(pages: readonly unknown[][]): AsyncGenerator<unknown[], void> {
  yield* pages;
}

async function read(pages: AsyncIterable<readonly unknown[]>): Promise<unknown> {
  const read: unknown[] = [];
  try {
    for await (const page of pages) read.push(page);
  } catch (error) {
    return { read, error };
  }
  return { read };
}

const isRefused = (error: unknown): boolean => error === refused;
const others = (): AsyncIterable<unknown[]> => whole([['other'], ['list']]);

test('gives the first list when GitLab has it', async () => {
  expect(await read(pagesOr(whole([[1], [2]]), isRefused, others))).toEqual({ read: [[1], [2]] });
});

test('gives the other list when the first is refused', async () => {
  expect(await read(pagesOr(failing([], refused), isRefused, others))).toEqual({
    read: [['other'], ['list']],
  });
});

test('does not begin anew when the first list is refused on its way', async () => {
  const pages = pagesOr(failing([[1]], refused), isRefused, others);
  expect(await read(pages)).toEqual({ read: [[1]], error: refused });
});

test('another failure is a failure', async () => {
  const error = new Error('down');
  expect(await read(pagesOr(failing([], error), isRefused, others))).toEqual({ read: [], error });
});

import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { expect, it } from 'vitest';
import { aConfiguration } from './cache.suite.ts';
import { formatStored, parseStored } from './stored-configuration.ts';

async function storedLines(yaml: string): Promise<string[]> {
  const stored = await formatStored(await aConfiguration(yaml));
  if (stored === undefined) throw new Error('nothing is stored');
  return (await promisify(gunzip)(stored)).toString().split('\n');
}

async function parseLines(lines: readonly string[]) {
  const known = await parseStored(await promisify(gzip)(lines.join('\n')));
  return typeof known === 'object' ? known : undefined;
}

it('a job is parsed without the others, and not understood where its own line is damaged', async () => {
  const [shared = '', one = '', two = '', ...rest] = await storedLines('one: {image: a}\ntwo: {image: b}');
  const known = await parseLines([shared, one, two.replace('isTrigger', 'what'), ...rest]);
  expect(known?.jobs.get('one')?.image).toBe('a');
  expect(known?.jobs.get('two')).toBeNull();
  expect(known?.jobs.get('three')).toBeUndefined();
});

it('a configuration whose first line is damaged, or was written otherwise, is not known', async () => {
  const [shared = '', ...jobs] = await storedLines('one: {image: a}');
  expect(await parseLines([shared.replace('defaults', 'what'), ...jobs])).toBeUndefined();
  expect(await parseLines([`{"jobs":[],${shared.slice(1)}`])).toBeUndefined();
  expect(await parseLines([''])).toBeUndefined();
});

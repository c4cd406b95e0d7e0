import type { InstanceName, ProjectId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { CACHE_BOUNDS, type CacheBounds, type ConfigurationCache } from './cache.ts';
import type { WholeConfiguration } from './configuration.ts';
import { readConfiguration } from './read-configuration.ts';

const gitlab = 'gitlab.example' as InstanceName;
const project = 7 as ProjectId;
const commit = 'a'.repeat(40);

const YAML = `
default: {image: 'ruby:$TAG', services: [redis, [odd]]}
variables: {TAG: {value: '1', expand: false}, ODD: [x]}
workflow: {rules: [{variables: {TAG: '2'}}]}
a: {parallel: 3, inherit: {default: false, variables: [TAG]}, image: '$ODD'}
b: {parallel: {matrix: [{TAG: [1, 2]}]}, services: [], variables: []}
c: {extends: .none}
d: {trigger: x, stage: deploy, rules: [{variables: {TAG: '3'}}], inherit: 7}
__proto__: {image: x}
'"\\': {image: '"],\\'}
'é ☃': {image: y}
`;

export async function aConfiguration(yaml: string = YAML): Promise<WholeConfiguration> {
  const configuration = await readConfiguration(yaml);
  if (!configuration.ok) throw new Error(configuration.error.message);
  return configuration.value;
}

/** What every cache does. `make` gives an empty one; `pass` lets that much of its time go by. */
export function describeConfigurationCache(
  name: string,
  make: (bounds: CacheBounds) => Promise<{
    readonly cache: ConfigurationCache;
    pass(milliseconds: number): Promise<void>;
  }>,
): void {
  describe(`the cache of configurations ${name}`, () => {
    it('gives back what it was given, job by job, and that there was none', async () => {
      const { cache } = await make(CACHE_BOUNDS);
      const configuration = await aConfiguration();
      expect(await cache.get(gitlab, project, commit)).toBeUndefined();
      await cache.put(gitlab, project, commit, configuration);
      const known = await cache.get(gitlab, project, commit);
      if (typeof known !== 'object') throw new Error('nothing was kept');
      const { jobs, ...shared } = configuration;
      expect(known).toMatchObject(shared);
      for (const name of [...jobs.keys(), 'e', '', '"', 'a\n["b",']) {
        expect(known.jobs.get(name)).toEqual(jobs.get(name));
      }
      for (const why of ['none', 'of-default-branch'] as const) {
        await cache.put(gitlab, project, commit, why);
        expect(await cache.get(gitlab, project, commit)).toBe(why);
      }
    });

    it('tells instances, projects and commits apart', async () => {
      const { cache } = await make(CACHE_BOUNDS);
      await cache.put(gitlab, project, commit, 'none');
      expect(await cache.get('other.example' as InstanceName, project, commit)).toBeUndefined();
      expect(await cache.get(gitlab, 8 as ProjectId, commit)).toBeUndefined();
      expect(await cache.get(gitlab, project, 'b'.repeat(40))).toBeUndefined();
    });

    it('keeps none that is too large', async () => {
      const { cache } = await make({ ...CACHE_BOUNDS, entryBytes: 100 });
      await cache.put(gitlab, project, commit, await aConfiguration());
      expect(await cache.get(gitlab, project, commit)).toBeUndefined();
      const { cache: roomy } = await make(CACHE_BOUNDS);
      const services = `[${Array(60)
        .fill(`'${'s'.repeat(1_000)}'`)
        .join(', ')}]`;
      const jobs = Array.from({ length: 80 }, (_, index) => `j${index}: {services: *s}\n`);
      const yaml = `.s: &s ${services}\n${jobs.join('')}`;
      await roomy.put(gitlab, project, commit, await aConfiguration(yaml));
      expect(await roomy.get(gitlab, project, commit)).toBeUndefined();
    });

    it('forgets a configuration after its time, and sooner that there was none', async () => {
      const { cache, pass } = await make({ ...CACHE_BOUNDS, keepMs: 60_000, keepNoneMs: 20_000 });
      await cache.put(gitlab, project, commit, await aConfiguration('a: {image: b}'));
      await cache.put(gitlab, project, 'b'.repeat(40), 'none');
      await pass(15_000);
      expect(await cache.get(gitlab, project, 'b'.repeat(40))).toBe('none');
      await pass(10_000);
      expect(await cache.get(gitlab, project, 'b'.repeat(40))).toBeUndefined();
      expect(await cache.get(gitlab, project, commit)).toBeDefined();
      await pass(40_000);
      expect(await cache.get(gitlab, project, commit)).toBeUndefined();
    });
  });
}

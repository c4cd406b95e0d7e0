import { readdirSync, readFileSync } from 'node:fs';
import { formatImageReference } from '@sideband/shared/image-reference';
import type { JobId, ProjectId } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { imagesOfJob } from './images-of-job.ts';
import { predefinedVariables } from './predefined.ts';
import { readConfiguration } from './read-configuration.ts';

/*
 * A folder a case: what GitLab merged, and for each name of a job what it uses and what is missing, or null where the
 * configuration has no such job.
 */
interface Expected {
  readonly images: readonly string[];
  readonly missing: readonly string[];
}

const CASES = new URL('./cases/', import.meta.url);

describe.each(readdirSync(CASES))('%s', (name) => {
  const yaml = readFileSync(new URL(`${name}/merged.yml`, CASES), 'utf8');
  const expected = JSON.parse(readFileSync(new URL(`${name}/expected.json`, CASES), 'utf8'));

  it.each(Object.entries(expected as Record<string, Expected | null>))('job %j', async (job, uses) => {
    const configuration = await readConfiguration(yaml);
    if (!configuration.ok) throw new Error(configuration.error.message);
    const found = imagesOfJob(configuration.value, job, predefinedFor(job));
    const images = found?.images.map((image) => `${image.role} ${formatImageReference(image.name)}`);
    expect(found === undefined ? null : { images, missing: found.missing }).toEqual(uses);
  });
});

function predefinedFor(name: string): ReadonlyMap<string, string> {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  return predefinedVariables({
    project: 7 as ProjectId,
    id: 4711 as JobId,
    name,
    commit,
    ref: 'Release/1.2',
  });
}

import { describe, expect, it } from 'vitest';
import type { Configuration, ConfiguredJob, Variable } from './configuration.ts';
import { imagesOfJob } from './images-of-job.ts';
import { expandIn, MAX_LOOK_UPS } from './scope.ts';

/** Variables `V0` … `V99`, each of the next forty: one image alone takes thousands of look-ups. */
const TANGLE = new Map<string, Variable>(
  Array.from({ length: 100 }, (_, index) => {
    const next = Array.from({ length: 40 }, (_, step) => `$V${(index + step + 1) % 100}`);
    return [`V${index}`, { value: next.join(''), isRaw: false }];
  }),
);

function jobWith(services: readonly string[]): ConfiguredJob {
  return {
    ...{ image: 'ruby', services, stage: 'test', variables: TANGLE, ruleVariables: [] },
    ...{ inheritDefault: true, inheritVariables: true, isTrigger: false },
  };
}

function configurationOf(job: ConfiguredJob): Configuration {
  const none = { defaults: {}, variables: new Map(), workflowVariables: [] };
  return { ...none, jobs: new Map([['job', job]]) };
}

describe('variables that all refer to each other', () => {
  it('are looked up 5,000 times for all of a job’s images, then nothing more is known', () => {
    let lookUps = 0;
    class Counted extends Map<string, string> {
      override get(name: string): string | undefined {
        lookUps += 1;
        return super.get(name);
      }
    }
    const job = jobWith([]);
    const work = { left: MAX_LOOK_UPS };
    const scope = { job, configuration: configurationOf(job), predefined: new Map(), work };
    const counted = { ...scope, ofParallel: new Counted() };
    const why = 'too many variables refer to each other';
    const first = expandIn(counted, 'a:$V0');
    expect('missing' in first && first.missing.includes(why)).toBe(false);
    expect(work.left).toBeLessThan(MAX_LOOK_UPS / 2);
    expect(expandIn(counted, 'a:$V1')).toEqual({ missing: expect.arrayContaining([why]) });
    expect(work.left).toBe(0);
    const soFar = lookUps;
    expect(expandIn(counted, 'a:$V2')).toEqual({ missing: [why] });
    expect(lookUps).toBe(soFar);
  });

  it('leave the images that do not need them', () => {
    const services = Array.from({ length: 63 }, (_, index) => `$V${index}`);
    const found = imagesOfJob(configurationOf(jobWith([...services, 'redis'])), 'job', new Map());
    expect(found?.images.map(({ role, name }) => `${role} ${name.path}`)).toEqual([
      'build library/ruby',
      'service library/redis',
    ]);
    expect(found?.missing).toHaveLength(20);
  });
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such texts are what is read here.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { WholeConfiguration } from './configuration.ts';
import { imagesOfJob } from './images-of-job.ts';
import { readConfiguration } from './read-configuration.ts';

async function read(yaml: string): Promise<WholeConfiguration> {
  const configuration = await readConfiguration(yaml);
  if (!configuration.ok) throw new Error(configuration.error.message);
  return configuration.value;
}

const deep = (depth: number): string => `a: ${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('a configuration is refused', () => {
  it.each([
    ['nothing', '', 'not-yaml'],
    ['a comment', '# nothing', 'not-yaml'],
    ['two documents', 'a: b\n---\nc: d', 'not-yaml'],
    ['an open list', 'a: [', 'not-yaml'],
    ['an open text', 'a: "b', 'not-yaml'],
    ['more than it opened', '{a: b}}', 'not-yaml'],
    ['an unknown alias', 'a: *b', 'not-yaml'],
    ['an alias of itself', 'a: &a\n  b: *a', 'not-yaml'],
    ['a foreign tag', 'a: !ruby/object:Gem {}', 'not-yaml'],
    ['a reference that is no list', 'a: !reference b', 'not-yaml'],
    ['lists 250 deep', deep(250), 'not-yaml'],
    ['lists 30,000 deep', deep(30_000), 'not-yaml'],
    ['a list', '- a', 'not-a-map'],
    ['a text', 'a', 'not-a-map'],
    ['a null', 'null', 'not-a-map'],
    ['a job as large as no job', `a: ${'b'.repeat(70_000)}`, 'too-large'],
    ['of more entries than GitLab makes jobs', 'a: b\n'.repeat(20_001), 'too-large'],
    ['too much', 'a: b\n'.repeat(900_000), 'too-large'],
  ])('that is %s', async (_, yaml, reason) => {
    const configuration = await readConfiguration(yaml);
    expect(configuration).toMatchObject({ ok: false, error: { reason } });
    if (!configuration.ok)
      expect(configuration.error.message).toMatch(/^The CI configuration cannot be read: /);
  });

  it('where aliases make its jobs say more than a text could', async () => {
    const variables = Array.from({ length: 1_000 }, (_, index) => `  V${index}: ${'x'.repeat(50)}\n`).join(
      '',
    );
    const jobs = Array.from({ length: 1_000 }, (_, index) => `j${index}: {variables: *v}\n`).join('');
    const configuration = await readConfiguration(`.v: &v\n${variables}${jobs}`);
    expect(configuration).toMatchObject({ ok: false, error: { reason: 'too-large' } });
  });
});

describe('a configuration', () => {
  it('may be written on one line, hold binaries elsewhere, and end without a line end', async () => {
    expect((await read('{a: {image: b}}')).jobs.get('a')?.image).toBe('b');
    const odd = await read('a:\n  image: !binary cnVieQ==\n  script: !binary "/w=="\nb: {image: c}');
    expect(odd.jobs.get('a')?.image).toBeNull();
    expect(odd.jobs.get('b')?.image).toBe('c');
  });

  it('takes the last of two equal keys, as GitLab does', async () => {
    expect((await read('a: {image: b}\na: {image: c, image: d}')).jobs.get('a')?.image).toBe('d');
  });

  it('takes no time to speak of where aliases stand for each other', async () => {
    const lists = Array.from(
      { length: 60 },
      (_, index) => `.a${index + 1}: &a${index + 1} [${`*a${index}, `.repeat(10)}]\n`,
    );
    const job =
      'j: {rules: *a60, services: *a60, image: *a60, parallel: {matrix: *a60}, variables: {A: *a60}}';
    const { jobs } = await read(`.a0: &a0 [x]\n${lists.join('')}${job}`);
    expect(jobs.get('j')).toMatchObject({ image: null, parallel: null, ruleVariables: null });
  });

  it('keeps of the variables those that a name of an image may come to need', async () => {
    const { variables, jobs, workflowVariables } = await read(
      stringify({
        workflow: { rules: [{ variables: { A: '1', UNUSED: '2' } }] },
        variables: { A: '$B', UNUSED: '1', RAW: { value: '$NOT', expand: false }, NOT: '2' },
        job: {
          parallel: { matrix: [{ M: ['$IN_MATRIX'] }] },
          image: '$A/${M}:$RAW',
          variables: { B: '${C}', C: 'c', OTHER: '3', IN_MATRIX: 'm' },
        },
      }),
    );
    expect([...(variables?.keys() ?? [])]).toEqual(['A', 'RAW']);
    expect([...(jobs.get('job')?.variables?.keys() ?? [])]).toEqual(['B', 'C', 'IN_MATRIX']);
    expect(workflowVariables).toEqual(['A']);
  });

  it('of a megabyte leaves room for others while it is read', async () => {
    const job = (index: number): string =>
      `job ${index}:\n  image: a:${index}\n  script:\n${'  - bundle exec rspec --format progress\n'.repeat(50)}`;
    const yaml = Array.from({ length: 500 }, (_, index) => job(index)).join('');
    let turns = 0;
    let isReading = true;
    const take = (): void => {
      turns += 1;
      if (isReading) setImmediate(take);
    };
    take();
    const { jobs } = await read(yaml);
    isReading = false;
    expect(jobs.size).toBe(500);
    expect(turns).toBeGreaterThan(50);
  });
});

describe('whatever is in it', () => {
  const words = fc.constantFrom(
    ...[
      'image',
      'services',
      'name',
      'variables',
      'value',
      'expand',
      'rules',
      'inherit',
      'default',
      'workflow',
    ],
    ...[
      'parallel',
      'matrix',
      'extends',
      'trigger',
      'script',
      'stage',
      '.base',
      'job',
      'a',
      '$A',
      '${B}',
      'A',
      'B',
      '2',
    ],
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6, depthSize: 'medium' },
      words,
      fc.constantFrom(null, true, false, 2, 3.5),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(words, tie('tree'), { maxKeys: 6 }),
    ),
  }));

  it('is read, and answers for each job with names or what is missing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(words, tree, { minKeys: 1 }), words, async (top, name) => {
        const configuration = await read(stringify(top));
        for (const job of [name, `${name} 1/2`, `${name}: [a, ${name}]`]) {
          const uses = imagesOfJob(configuration, job, new Map([['A', 'a']]));
          if (uses === undefined) continue;
          expect(uses.missing.length).toBeLessThanOrEqual(20);
          for (const why of uses.missing) expect(why.length).toBeLessThan(400);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is read or refused, also if it is no YAML', async () => {
    const signs = fc.constantFrom(
      ...['a', ' ', '  ', '\n', ':', '- ', '? ', '[', ']', '{', '}', ',', '&a ', '*a', '!reference ', '!x '],
      ...['|', '>', '"', "'", '#', '%', '---', '...', '\t', '\r', '\0', 'é', '\ud800', 'image: ', '<<: '],
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(signs, { maxLength: 40 }).map((all) => all.join('')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (yaml) => {
        const configuration = await readConfiguration(yaml);
        if (!configuration.ok) expect(['not-yaml', 'not-a-map']).toContain(configuration.error.reason);
        else imagesOfJob(configuration.value, 'a', new Map());
      }),
      { numRuns: 1_000 },
    );
  });
});

import { expect, it } from 'vitest';
import { findViolations } from './find-violations.ts';

function violationsOf(file: string, text: string): readonly string[] {
  return findViolations(new Map([[file, text]]));
}

function importing(file: string, specifier: string): readonly string[] {
  return violationsOf(file, `import { x } from '${specifier}';\n`);
}

it.each([
  ['apps/collector/src/main.ts', '@sideband/reaper/engine/port', 'apps share nothing but Redis'],
  ['apps/collector/src/main.test.ts', '@sideband/reaper/engine/port', 'apps share nothing but Redis'],
  ['apps/reaper/src/cycle.ts', '../../collector/src/app.ts', 'apps share nothing but Redis'],
  ['libs/shared/src/clock.ts', '@sideband/collector/app', 'below everything else'],
  ['libs/shared/src/clock.ts', '@sideband/infra/testkit/redis', 'below everything else'],
  ['apps/reaper/src/run.ts', '@sideband/infra/testkit/redis', 'only its tests may'],
  ['apps/reaper/src/run.ts', '@sideband/bench/replay', 'only its tests may'],
  ['apps/collector/src/resolve/place.ts', '@gitbeaker/rest', 'ask the port'],
  ['infra/demo/start.ts', '@gitbeaker/core', 'ask the port'],
  ['apps/reaper/src/reap/reap.ts', 'dockerode', 'ask the port'],
  ['infra/demo/start.ts', 'dockerode', 'ask the port'],
  ['apps/reaper/src/plan/plan.ts', 'node:fs', 'does no I/O'],
  ['apps/reaper/src/plan/plan.ts', 'node:crypto', 'does no I/O'],
  ['apps/reaper/src/plan/plan.ts', 'ioredis', 'does no I/O'],
  ['apps/reaper/src/plan/plan.ts', '@sideband/shared/log', 'does no I/O'],
  ['apps/reaper/src/plan/plan.ts', '@sideband/shared/evidence/redis-store', 'does no I/O'],
  ['apps/reaper/src/plan/plan.ts', '@sideband/shared/queues/producer', 'does no I/O'],
  ['apps/reaper/src/plan/plan.ts', '../engine/memory-engine.ts', 'may import engine/port, disk/port'],
  ['apps/reaper/src/plan/plan.ts', '../reap/reap.ts', 'may import engine/port, disk/port'],
  ['apps/reaper/src/engine/port.ts', '../plan/plan.ts', 'may import libs/shared only'],
  ['apps/reaper/src/identity/lock.ts', '../config.ts', 'may import libs/shared only'],
  ['apps/reaper/src/reap/reap.ts', '../cycle.ts', 'may import engine, disk, plan'],
  ['apps/collector/src/resolve/place.ts', '../gitlab/gitbeaker-gitlab.ts', 'may import gitlab/port'],
  ['apps/collector/src/receive/hook-route.ts', '../resolve/place.ts', 'may import libs/shared only'],
  ['apps/collector/src/newroom/thing.ts', '../gitlab/port.ts', 'does not know'],
])('%s may not import %s', (file, specifier, why) => {
  const violations = importing(file, specifier);
  expect(violations).toHaveLength(1);
  expect(violations[0]).toMatch(new RegExp(`^${file}:1: .*${why}`));
});

it.each([
  ['apps/reaper/src/run.ts', './engine/dockerode-engine.ts'],
  ['apps/reaper/src/cli/doctor.ts', '../config.ts'],
  ['apps/reaper/src/reap/reap.ts', '../engine/port.ts'],
  ['apps/reaper/src/reap/reap.ts', '../plan/plan.ts'],
  ['apps/reaper/src/reap/reap.ts', 'node:fs/promises'],
  ['apps/reaper/src/plan/plan.ts', '../engine/port.ts'],
  ['apps/reaper/src/plan/parse-policy.ts', 'yaml'],
  ['apps/reaper/src/plan/parse-policy.ts', '@sideband/shared/evidence/model'],
  ['apps/reaper/src/plan/plan.test.ts', 'node:fs'],
  ['apps/reaper/src/reap/reap.test.ts', '@sideband/infra/testkit/until'],
  ['apps/reaper/src/engine/engine.suite.ts', '@sideband/infra/testkit/images'],
  ['apps/reaper/src/engine/dockerode-engine.ts', 'dockerode'],
  ['infra/testkit/sandbox.ts', 'dockerode'],
  ['infra/demo/start.ts', '@sideband/reaper/run'],
  ['apps/collector/src/gitlab/requester.ts', '@gitbeaker/requester-utils'],
  ['apps/collector/src/reconcile/poll.ts', '../resolve/ledger.ts'],
  ['libs/shared/src/evidence/redis-store.ts', '../redis.ts'],
  ['libs/shared/src/redis.integration.test.ts', '@sideband/infra/testkit/redis'],
])('%s may import %s', (file, specifier) => {
  expect(importing(file, specifier)).toEqual([]);
});

it.each([
  ['a type', "import type { A } from 'dockerode';", 1],
  ['a default and names', "\nimport D, { type A } from 'dockerode';", 2],
  ['a namespace', "import * as d from 'dockerode';", 1],
  ['several lines', "import {\n  a,\n  b,\n} from 'dockerode';", 4],
  ['a re-export', "export { a } from 'dockerode';", 1],
  ['everything re-exported', 'export * from "dockerode";', 1],
  ['an effect', "import 'dockerode';", 1],
  // Put together here, since the check reads this file too and a call is an import wherever it stands.
  ['a promise', `const x = 1;\nconst d = await import('${'docker'}ode');`, 2],
  ['a part of it', "import x from 'dockerode/lib/x.js';", 1],
])('sees an import of %s', (_, text, line) => {
  expect(violationsOf('apps/reaper/src/run.ts', text)).toEqual([
    `apps/reaper/src/run.ts:${line}: dockerode outside apps/reaper/src/engine and infra/testkit: ask the port`,
  ]);
});

it.each([
  "// import x from 'dockerode';",
  "const text = `import x from 'dockerode'`;",
  "import x from 'dockerode-fake';",
  "export const from = 1;\nconst name = 'dockerode';",
])('takes %j for no import', (text) => {
  expect(violationsOf('apps/reaper/src/run.ts', text)).toEqual([]);
});

it('lets only one file make Redis clients', () => {
  const text = "import { Redis } from 'ioredis';\n\nconst redis = new Redis(url);\n";
  expect(violationsOf('apps/reaper/src/run.ts', text)).toEqual([
    expect.stringMatching(/^apps\/reaper\/src\/run\.ts:3: .*connectRedis/),
  ]);
  expect(violationsOf('apps/reaper/src/run.ts', 'new Redis.Cluster([])')).toHaveLength(1);
  expect(violationsOf('libs/shared/src/redis.ts', text)).toEqual([]);
  expect(violationsOf('infra/testkit/redis.ts', text)).toEqual([]);
  expect(violationsOf('apps/reaper/src/run.integration.test.ts', text)).toEqual([]);
});

it('reports every file and every line', () => {
  const files = new Map([
    ['apps/reaper/src/run.ts', "import 'dockerode';\nimport '@gitbeaker/rest';\n"],
    ['libs/shared/src/clock.ts', "import '@sideband/reaper/run';\n"],
  ]);
  expect(findViolations(files).map((line) => line.split(': ')[0])).toEqual([
    'apps/reaper/src/run.ts:1',
    'apps/reaper/src/run.ts:2',
    'libs/shared/src/clock.ts:1',
  ]);
});

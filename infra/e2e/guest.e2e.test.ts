import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JobId, ProjectId } from '@sideband/shared/names';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../testkit/redis.ts';
import { until } from '../testkit/until.ts';
import { aHost, aSystemId, type Fleet, startFleet } from './fleet.ts';
import { paperEngine, runJob, untilUsedBy } from './jobs.ts';
import { registerPaperHost } from './paper-host.ts';

const host = aHost('runner-1');
const systemId = aSystemId('a');
const IMAGE = 'registry.example.com/team/app:1';
const engine = paperEngine([IMAGE]);
const PER_MINUTE = 60;
/** A tenth of a minute's permits may be taken at once. */
const BURST = PER_MINUTE / 10;

let fleet: Fleet;
let project: ProjectId;

beforeAll(async () => {
  fleet = await startFleet();
  await registerPaperHost(fleet, host, systemId);
  project = fleet.gitlab.createProject({ path: 'team/app' });
});
afterAll(() => fleet?.stop());

const run = (): Promise<JobId> => runJob(fleet.gitlab, { project, systemId, engine, image: IMAGE });

test('two collectors together ask no more than the budget, and lose nothing for it', async () => {
  const metrics = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const settings = metrics.map((address) => ({
    SIDEBAND_METRICS: address,
    SIDEBAND_GITLAB_REQUESTS_PER_MINUTE: String(PER_MINUTE),
    SIDEBAND_RECONCILE_EVERY: '1d',
  }));
  const [one = {}, two = {}] = settings;
  const other = { ...two, SIDEBAND_LISTEN: `127.0.0.1:${await freePort()}` };
  const collectors = await Promise.all([one, other].map((each) => fleet.startCollector(each)));
  const jobs: JobId[] = [];
  const hasAsked = async (address: string): Promise<boolean> => {
    const text = await (await fetch(`http://${address}/metrics`)).text();
    return /^sideband_collector_gitlab_requests_total\{.*status="2xx".*\} [1-9]/m.test(text);
  };
  const haveBothAsked = async (): Promise<boolean> =>
    (await Promise.all(metrics.map(hasAsked))).every(Boolean);
  // Which of the two takes a job is chance.
  while (jobs.length < 8 || (jobs.length < 40 && !(await haveBothAsked()))) jobs.push(await run());
  await untilUsedBy(fleet, host, jobs, 90_000);
  expect(await haveBothAsked()).toBe(true);

  const times = fleet.gitlab.requests.all().map(({ at }) => at);
  expect(times.length).toBeGreaterThan(2 * BURST);
  for (const [first, from] of times.entries()) {
    for (const [more, to] of times.slice(first).entries()) {
      // Permits are given by Redis's clock and requests arrive by ours; half a permit is the way between.
      const permits = BURST + ((to - from) * PER_MINUTE) / 60_000 + 0.5;
      expect(more + 1, `requests within ${to - from} ms`).toBeLessThanOrEqual(Math.ceil(permits));
    }
  }
  const logs = await Promise.all(collectors.map((collector) => collector.log()));
  for (const log of logs) expect(log).not.toContain(fleet.settings['SIDEBAND_GITLAB_TOKEN']);
  await Promise.all(collectors.map((collector) => collector.stop(15_000)));
});

test('neither a redirect nor a link to the next page leads the token to another server', async () => {
  const { gitlab } = fleet;
  const elsewhere = await listen();
  try {
    const { port } = elsewhere.server.address() as AddressInfo;
    const origin = `http://127.0.0.1:${port}`;
    gitlab.pointHookAt(undefined);
    // More than a page of them.
    const open = Array.from({ length: 150 }, () => gitlab.createJob({ project, name: 'build' }));
    const old = await run();
    gitlab.faults.misleadLinks(origin);
    gitlab.faults.redirect(`/jobs/${old}/trace`, `${origin}/trace`);
    await fleet.startCollector();

    const first = open[0];
    if (first === undefined) throw new Error('No job was created');
    const found = await runJob(gitlab, { project, systemId, engine, image: IMAGE, job: first });
    await untilUsedBy(fleet, host, [found]);
    await until('the redirect', async () =>
      gitlab.requests.all().some(({ path, status }) => path.includes(`/jobs/${old}/`) && status === 302),
    );
    const pages = gitlab.requests.all().filter(({ path }) => /\/jobs\?.*(cursor|id_before|page)=/.test(path));
    expect(pages.length).toBeGreaterThan(0);
    expect(elsewhere.asked).toEqual([]);
  } finally {
    elsewhere.server.closeAllConnections();
    elsewhere.server.close();
  }
});

/** A server that is not GitLab, and what it was asked. */
async function listen(): Promise<{ readonly server: Server; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers['private-token'] ?? ''}`);
    response.end('{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, asked };
}

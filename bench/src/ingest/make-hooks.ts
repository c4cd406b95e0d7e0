import { projectHooks } from '@sideband/infra/demo/project-hooks';
import { featuresOf } from '@sideband/infra/testkit/gitlab/features';
import { deliveryHeaders } from '@sideband/infra/testkit/gitlab/hook-headers';
import { jobHookPayload } from '@sideband/infra/testkit/gitlab/job-hook';
import { Records } from '@sideband/infra/testkit/gitlab/records';
import { uuid } from '@sideband/infra/testkit/gitlab/uuid';
import type { Clock } from '@sideband/shared/clock';

/** As installed on GitLab before 19.0, and since. */
export type Proof = 'token' | 'token and signature';

/** One hook as GitLab sends it. */
export interface MadeHook {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface HookWorld {
  readonly instance: string;
  /** What the hooks' secrets are derived from. */
  readonly master: string;
  readonly clock: Clock;
  /** From 0 up to 1, as `Math.random`. */
  readonly random: () => number;
}

/** A hook's address is limited to 26,000 a minute, so a bench must not be one project. */
const PROJECTS = 100;
/** With the commit's message and all names a job's hook has about so many on a GitLab that is in use. */
const BODY_BYTES = 5_000;
const VERSIONS = { token: '18.11.0-ee', 'token and signature': '19.3.0-ee' } as const;
const INSTANCE_URL = 'https://gitlab.example.com';

/** Hooks of jobs that ended, one after the other, of a hundred projects. No two are of the same job. */
export function createHooks(world: HookWorld): (proof: Proof) => MadeHook {
  const makers = {
    token: hooksOf(world, 'token'),
    'token and signature': hooksOf(world, 'token and signature'),
  };
  let made = 0;
  return (proof) => {
    made += 1;
    return makers[proof](made);
  };
}

function hooksOf(world: HookWorld, proof: Proof): (made: number) => MadeHook {
  const { clock, random } = world;
  const features = featuresOf(VERSIONS[proof]);
  const projects = Array.from({ length: PROJECTS }, (_, index) => projectHook(world, proof, index + 1));
  return (made) => {
    const project = projects[made % PROJECTS];
    if (project === undefined) throw new Error('There is a remainder for each project');
    const { path, token, signingToken, before, after } = project;
    const body = `${before}${1_000_000 + made}${after}`;
    const ids = { key: uuid(random), eventUuid: uuid(random), requestUuid: uuid(random) };
    const about = { features, instanceUrl: INSTANCE_URL, event: 'Job Hook', body, now: clock.now() };
    return { path, headers: deliveryHeaders({ ...about, ...ids, token, signingToken }), body };
  };
}

/** What all hooks of a project share; the job's id goes between `before` and `after`. */
function projectHook({ instance, master, clock }: HookWorld, proof: Proof, id: number) {
  const hooks = projectHooks('', instance, master);
  const records = new Records(clock);
  const project = records.namespaces.addProject({ id, path: `group/project-${id}` });
  const job = records.addJob({ project: project.id, name: 'build' });
  records.enqueue(job.id);
  records.start(job.id, { systemId: 's_aaaaaaaaaaaa' });
  records.finish(job.id, 'success', undefined);
  const { namespaces } = records;
  const features = featuresOf(VERSIONS[proof]);
  const payload = jobHookPayload(job, { baseUrl: INSTANCE_URL, now: clock.now(), features, namespaces });
  const [before = '', after = ''] = filledUp(payload).split(`"build_id":${job.id}`);
  return {
    path: hooks.url(id),
    token: hooks.secret(id),
    signingToken: proof === 'token' ? undefined : hooks.signingToken(id),
    before: `${before}"build_id":`,
    after,
  };
}

/** With a longer message of its commit. */
function filledUp(payload: Readonly<Record<string, unknown>>): string {
  const missing = BODY_BYTES - JSON.stringify(payload).length;
  const commit = { ...(payload['commit'] as object), message: 'Build it'.padEnd(missing, ' and tell why') };
  return JSON.stringify({ ...payload, commit });
}

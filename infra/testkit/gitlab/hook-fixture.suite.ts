import { ManualClock } from '@sideband/shared/clock';
import { type HookReceiver, startHookReceiver } from './hook-receiver.ts';
import type { HookOwner, NewHook } from './hook-record.ts';
import { type GitLabOptions, type GitLabStandIn, startGitLab } from './stand-in.ts';

export const PROJECT = { kind: 'project', project: 42 } as const;
export const GROUP = { kind: 'group', group: 5 } as const;
/** The bytes of `SIGNING`. */
export const KEY = Buffer.alloc(32, 7);
export const SIGNING = `whsec_${KEY.toString('base64')}`;
export const START = Date.parse('2026-11-21T10:00:00.500Z');

/** A GitLab with one project below a group, and somewhere for hooks to go, which they do at once. */
export interface HookFixture {
  readonly clock: ManualClock;
  readonly receiver: HookReceiver;
  readonly gitlab: GitLabStandIn;
  /** For job events, at the path `/hooks/NAME`, unless told otherwise. */
  register(owner: HookOwner, name: string, hook?: Partial<NewHook>): number;
  /** Resolves when all has been told. */
  createJob(): Promise<void>;
  /** Paths of what came, sorted. */
  paths(): string[];
  /** The only one that came. */
  only(): HookReceiver['received'][number];
  post(path: string): Promise<Response>;
  show(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

export async function startHookFixture(options: Partial<GitLabOptions> = {}): Promise<HookFixture> {
  const clock = new ManualClock(START);
  const receiver = await startHookReceiver();
  const gitlab = await startGitLab({ clock, token: 'root', ...options });
  gitlab.disturbHooks({ delayMs: { min: 0, max: 0 } });
  gitlab.createGroup({ id: 5, path: 'group' });
  gitlab.createProject({ id: 42, path: 'group/sub/app' });
  const ask = (method: string, path: string): Promise<Response> =>
    fetch(`${gitlab.url}/api/v4${path}`, { method, headers: { 'PRIVATE-TOKEN': 'root' } });
  return {
    clock,
    receiver,
    gitlab,
    register: (owner, name, hook = {}) =>
      gitlab.registerHook(owner, { url: `${receiver.url}/${name}`, events: { job_events: true }, ...hook }),
    createJob: () => {
      gitlab.createJob({ project: 42, name: 'test' });
      return gitlab.settled();
    },
    paths: () => receiver.received.map(({ path }) => path).sort(),
    only: () => {
      const [hook, ...others] = receiver.received;
      if (hook === undefined || others.length > 0) throw new Error(`${receiver.received.length} hooks came`);
      return hook;
    },
    post: (path) => ask('POST', path),
    show: async (path) => (await ask('GET', path)).json(),
    stop: async () => {
      await gitlab.stop();
      await receiver.stop();
    },
  };
}

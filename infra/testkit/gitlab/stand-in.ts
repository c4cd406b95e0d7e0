import type { RequestListener } from 'node:http';
import { type Clock, systemClock } from '@sideband/shared/clock';
import type { JobId, ProjectId } from '@sideband/shared/names';
import { makeApi } from './api.ts';
import { Broadcast } from './broadcast.ts';
import { Configurations } from './configurations.ts';
import { Deliveries } from './deliveries.ts';
import { Faults } from './faults.ts';
import { featuresOf } from './features.ts';
import { hookPanel } from './hook-panel.ts';
import { HookRegistry } from './hook-registry.ts';
import { HookSender } from './hook-sender.ts';
import type { HookOptions } from './hook-target.ts';
import { jobPanel } from './job-panel.ts';
import type { HookPanel, JobPanel, ProjectPanel } from './panel.ts';
import { listenOnFreePort } from './port-listener.ts';
import type { Presenter } from './presenter.ts';
import { projectPanel } from './project-panel.ts';
import { RateLimit, type RateLimitOptions } from './rate-limit.ts';
import { Records } from './records.ts';
import { Requests } from './requests.ts';
import { Coordinator } from './runner-api/coordinator.ts';
import { type RunnerPanel, runnerPanel } from './runner-api/runner-panel.ts';
import { type NewToken, Tokens } from './tokens.ts';

export interface GitLabOptions {
  /** What every `created_at`, `started_at`, …, the `Date` header and the rate limits go by; the system's unless told. */
  readonly clock?: Clock;
  /** An administrator's, good for everything that a project's `access` does not hide. */
  readonly token: string;
  readonly tokens?: readonly NewToken[];
  /** `17.5.0-ee`: what it can and what it says are that version's. 19.3.0-ee unless told. */
  readonly version?: string;
  readonly hook?: HookOptions;
  /** Whether failing hooks are paused and in the end disabled, as on GitLab.com; self-managed ones do not. */
  readonly autoDisable?: boolean;
  /** From 0 up to 1, as `Math.random`, which it is unless told. */
  readonly random?: () => number;
  readonly rateLimit?: RateLimitOptions;
}

/** What a runner is told about a job that it takes. */
export interface JobRequest {
  readonly id: JobId;
  readonly name: string;
  readonly url: string;
  readonly ref: string;
  readonly sha: string;
  readonly project: ProjectId;
  readonly pipeline: number;
}

/** A GitLab to test against: its REST API and hooks outside, a control panel inside. Misuse of the panel throws. */
export interface GitLabStandIn extends ProjectPanel, JobPanel, HookPanel, RunnerPanel {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  readonly requests: Requests;
  addToken(token: NewToken): void;
  revokeToken(token: string): void;
  /** The replacement may do the same; the old one is revoked. */
  rotateToken(token: string, replacement: string): void;
  /** Closes the port: connections are refused until `acceptConnections`. */
  refuseConnections(): Promise<void>;
  acceptConnections(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it on a free loopback port. */
export async function startGitLab(options: GitLabOptions): Promise<GitLabStandIn> {
  const { clock = systemClock, random = Math.random, autoDisable = false } = options;
  const features = featuresOf(options.version ?? '19.3.0-ee');
  const records = new Records(clock);
  const hooks = new HookRegistry(clock, features);
  const faults = new Faults();
  const requests = new Requests(clock);
  const configurations = new Configurations();
  const tokens = new Tokens(clock);
  tokens.add({ token: options.token, scopes: ['api'], role: 'admin' });
  for (const token of options.tokens ?? []) tokens.add(token);

  const handler: { current?: RequestListener } = {};
  const listener = await listenOnFreePort((request, response) => handler.current?.(request, response));
  const url = `http://127.0.0.1:${listener.port}`;
  const presenter = (): Presenter => ({
    baseUrl: url,
    now: clock.now(),
    features,
    namespaces: records.namespaces,
  });
  const sender = new HookSender({ instanceUrl: url, clock, features, autoDisable });
  const deliveries = new Deliveries(sender, random);
  const broadcast = new Broadcast({ clock, namespaces: records.namespaces, hooks, deliveries });
  broadcast.pointAt(options.hook);
  const parts = { records, hooks, deliveries, configurations, presenter, broadcast };
  const jobs = jobPanel(parts);
  const coordinator = new Coordinator(records, jobs);
  const onTraceBytes = requests.sentTrace.bind(requests);
  const rateLimit = new RateLimit(options.rateLimit ?? {}, clock);
  const context = { ...parts, tokens, faults, coordinator, onTraceBytes };
  const api = await makeApi({ context, clock, rateLimit, requests });
  handler.current = api.routing;

  return {
    url,
    port: listener.port,
    faults,
    requests,
    ...projectPanel(parts),
    ...jobs,
    ...hookPanel(parts),
    ...runnerPanel(coordinator, records),
    addToken: (token) => tokens.add(token),
    revokeToken: (token) => tokens.revoke(token),
    rotateToken: (token, replacement) => tokens.rotate(token, replacement),
    refuseConnections: () => listener.close(),
    acceptConnections: () => listener.open(),
    stop: async () => {
      deliveries.close();
      await listener.close();
      await api.close();
    },
  };
}

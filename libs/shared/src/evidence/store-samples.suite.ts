import type { Millis } from '../clock.ts';
import type { InstanceName } from '../names.ts';
import type { Identity, Lease, Use } from './model.ts';
import type { Fed } from './store.ts';
import { jobKey, NOON } from './store-events.suite.ts';

export const RUBY = 'docker.io/library/ruby:3.3' as Identity;
export const RUBY_ID = `sha256:${'1'.repeat(64)}` as Identity;
export const NODE = 'docker.io/library/node:20' as Identity;
export const MINUTE = 60_000;

export function use(changes: Partial<Use> = {}): Use {
  return {
    job: jobKey(1),
    jobName: 'rspec',
    role: 'build',
    identities: [RUBY],
    at: NOON,
    receivedAt: NOON,
    source: 'trace',
    ...changes,
  };
}

export function lease(changes: Partial<Lease> = {}): Lease {
  return { job: jobKey(1), identity: RUBY, strength: 'predicted', expiresAt: later(10 * MINUTE), ...changes };
}

export function later(milliseconds: number): Millis {
  return (NOON + milliseconds) as Millis;
}

export function fed(at: Millis, instances: Readonly<Record<string, string>>): Fed {
  return { at, instances: new Map(Object.entries(instances) as [string, InstanceName][]) };
}

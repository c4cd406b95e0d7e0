import * as fc from 'fast-check';
import type { Millis } from '../clock.ts';
import type { HostName, InstanceName, JobId, JobKey, ProjectId, SystemId } from '../names.ts';
import { type Identity, LEASE_STRENGTHS, type Lease, ROLES, SOURCES, type Use } from './model.ts';
import type { EvidenceStore, Fed } from './store.ts';

export const NOON = 1_795_262_400_000 as Millis;
export const YEAR_9999 = 253_402_300_799_000;

export type StoreEvent =
  | { readonly kind: 'record'; readonly host: number; readonly uses: readonly Use[] }
  | { readonly kind: 'repullable'; readonly host: number; readonly identity: Identity; readonly at: Millis }
  | { readonly kind: 'lease'; readonly host: number; readonly leases: readonly Lease[] }
  | { readonly kind: 'end'; readonly host: number; readonly job: JobKey; readonly at: Millis }
  | { readonly kind: 'fed'; readonly host: number; readonly fed: Fed }
  | { readonly kind: 'park'; readonly manager: number; readonly uses: readonly Use[] }
  | { readonly kind: 'unpark'; readonly manager: number };

/** Two hosts and two managers that nothing was said of before. */
export interface Place {
  readonly hosts: readonly [HostName, HostName];
  readonly managers: readonly [SystemId, SystemId];
}

export function freshPlace(number: number): Place {
  const id = String(number).padStart(11, '0');
  return {
    hosts: [`host-${number}-a` as HostName, `host-${number}-b` as HostName],
    managers: [`s_${id}a` as SystemId, `s_${id}b` as SystemId],
  };
}

export function jobKey(job: number, instance = 'gitlab.example', project = 7): JobKey {
  return { instance: instance as InstanceName, project: project as ProjectId, job: job as JobId };
}

// The last two order one way as UTF-8 (Redis) and the other way as UTF-16 (JavaScript).
const IDENTITIES = [`sha256:${'a'.repeat(64)}`, 'docker.io/library/ruby:3.3', 'x:\u{ffee}', 'x:\u{10000}'];

const identity = fc.constantFrom(...IDENTITIES) as fc.Arbitrary<Identity>;
// Few different values, so that the same job, the same time and the same image meet often.
const job = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom('one.example', 'two.example'), fc.constantFrom(7, 8))
  .map(([id, instance, project]) => jobKey(id, instance, project));
const time = fc.integer({ min: 0, max: 4 }).map((step) => (NOON + step * 600_000) as Millis);
const use: fc.Arbitrary<Use> = fc.record({
  job: fc.option(job, { nil: undefined, freq: 3 }),
  jobName: fc.constantFrom('test', 'test: [ruby 3.3]', 'prüfen\n🦀', '\ud800'),
  role: fc.constantFrom(...ROLES),
  identities: fc.uniqueArray(identity, { maxLength: 3 }),
  at: fc.oneof({ weight: 6, arbitrary: time }, { weight: 1, arbitrary: fc.constant(YEAR_9999 as Millis) }),
  receivedAt: time,
  source: fc.constantFrom(...SOURCES),
});
const lease: fc.Arbitrary<Lease> = fc.record({
  job,
  identity,
  strength: fc.constantFrom(...LEASE_STRENGTHS),
  expiresAt: time,
});
const addressed = fc.tuple(
  fc.constantFrom('one.example', 'x:\u{ffee}', 'x:\u{10000}'),
  fc.constantFrom('one', 'two') as fc.Arbitrary<InstanceName>,
);
const fed: fc.Arbitrary<Fed> = fc.record({
  at: time,
  instances: fc.array(addressed, { maxLength: 2 }).map((instances) => new Map(instances)),
});
const uses = fc.array(use, { minLength: 1, maxLength: 3 });
const which = fc.constantFrom(0, 1);

export const recordEvent: fc.Arbitrary<StoreEvent> = fc.record({
  kind: fc.constant('record' as const),
  host: which,
  uses,
});

export const storeEvent: fc.Arbitrary<StoreEvent> = fc.oneof(
  recordEvent,
  fc.record({ kind: fc.constant('repullable' as const), host: which, identity, at: time }),
  fc.record({ kind: fc.constant('lease' as const), host: which, leases: fc.array(lease, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('end' as const), host: which, job, at: time }),
  fc.record({ kind: fc.constant('fed' as const), host: which, fed }),
  fc.record({ kind: fc.constant('park' as const), manager: which, uses }),
  fc.record({ kind: fc.constant('unpark' as const), manager: which }),
);

/** The same events twice: in another order, and some of them several times. */
export function twoOrders(event: fc.Arbitrary<StoreEvent>): fc.Arbitrary<[StoreEvent[], StoreEvent[]]> {
  return fc.array(event, { minLength: 1, maxLength: 10 }).chain((events) => {
    const again = fc.array(fc.constantFrom(...events), { maxLength: 6 });
    const order = again.chain((repeated) => {
      const all = [...events, ...repeated];
      return fc.shuffledSubarray(all, { minLength: all.length });
    });
    return fc.tuple(order, order);
  });
}

/** What the store answers; undefined where it has nothing to say. */
export async function apply(store: EvidenceStore, place: Place, event: StoreEvent): Promise<unknown> {
  switch (event.kind) {
    case 'record':
      return store.recordUses(at(place.hosts, event.host), event.uses);
    case 'repullable':
      return store.noteRepullable(at(place.hosts, event.host), [event.identity], event.at);
    case 'lease':
      return store.lease(at(place.hosts, event.host), event.leases);
    case 'end':
      return store.endJob(at(place.hosts, event.host), event.job, event.at);
    case 'fed':
      return store.markFed(at(place.hosts, event.host), event.fed);
    case 'park':
      return store.park(at(place.managers, event.manager), event.uses);
    case 'unpark':
      return store.unpark(at(place.managers, event.manager), place.hosts);
  }
}

/** Everything that can be seen of a place, in an order of its own. */
export async function observe(store: EvidenceStore, place: Place, now = NOON): Promise<unknown> {
  return Promise.all(
    place.hosts.map(async (host) => ({
      lastUses: sorted(await store.lastUses(host)),
      recordedUses: await store.recordedUses(host, 1_000),
      repullable: sorted(await store.repullable(host)),
      leases: sorted(await store.leases(host, now)),
      fed: observeFed(await store.fed(host)),
    })),
  );
}

function observeFed(fed: Fed | undefined): unknown {
  return fed && { at: fed.at, instances: sorted(fed.instances) };
}

function sorted(items: Iterable<unknown>): string[] {
  return [...items].map((item) => JSON.stringify(item, sortedKeys)).sort();
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`Nothing at ${index}`);
  return item;
}

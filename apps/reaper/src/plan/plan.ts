import type { Millis } from '@sideband/shared/clock';
import type { EngineImage, ImageId } from '../engine/port.ts';
import { claimsOf } from './claims.ts';
import { guardOf } from './guards.ts';
import type { ImageLastUse } from './last-use.ts';
import { knownIdentities, lastUseOf } from './last-use.ts';
import { imageBytes, LayerCount } from './layers.ts';
import { type Candidate, childrenOf, inOrder } from './order.ts';
import type { Policy } from './policy.ts';
import { type Pressure, pressureOf } from './pressure.ts';
import type { EvictReason, KeepReason } from './reasons.ts';
import type { Freshness, Snapshot } from './snapshot.ts';

interface Judged {
  readonly image: EngineImage;
  readonly lastUse: ImageLastUse;
  readonly bytes: number;
  readonly ownBytes: number;
  /** A job that waits will probably need it, so others of its tier go first. */
  readonly isExpected: boolean;
}

export interface Eviction extends Judged {
  readonly verdict: 'evict';
  readonly reason: EvictReason;
  /** Bytes freed when the evictions before it are done. */
  readonly freesBytes: number;
  /** What would keep it outside an emergency. */
  readonly openedGuard: KeepReason | undefined;
}

interface Kept extends Judged {
  readonly verdict: 'keep';
  readonly reason: KeepReason;
}

/** One decision an image, in the order in which images would go. Pure data. */
export type Decision = Eviction | Kept;

export interface Plan {
  readonly at: Millis;
  readonly pressure: Pressure | undefined;
  readonly decisions: readonly Decision[];
  readonly evictions: readonly Eviction[];
  /** Bytes of all layers on the host, each counted once. */
  readonly totalBytes: number;
  /** Bytes that stay wanting after all evictions; 0 where the plan is enough. */
  readonly shortfallBytes: number;
  /** Of the evidence it was made from. */
  readonly freshness: Freshness;
}

/** What would be evicted and kept on this host at `now`, each with its reason. */
export function plan(snapshot: Snapshot, policy: Policy, now: Millis): Plan {
  const layers = new LayerCount(snapshot.images);
  const totalBytes = layers.totalBytes;
  const pressure = pressureOf(snapshot, totalBytes, policy);
  const claims = claimsOf(snapshot, now);
  const ordered = inOrder(
    snapshot.images.map((image) => {
      const lastUse = lastUseOf(image, snapshot, now);
      const guard = guardOf(image, lastUse, claims, snapshot, policy, now);
      const isExpected = knownIdentities(image, snapshot).some((identity) => claims.expected.has(identity));
      return { image, lastUse, guard, isExpected, ownBytes: layers.ownBytes(image) };
    }),
  );
  const evictions = choose(ordered, pressure, layers, snapshot.images);
  const chosen = new Map(evictions.map((eviction) => [eviction.image.id, eviction]));
  const children = childrenOf(snapshot.images.filter((image) => !chosen.has(image.id)));
  const kept = ordered
    .filter(({ image }) => !chosen.has(image.id))
    .map(
      (candidate): Kept => ({
        ...judge(candidate),
        verdict: 'keep',
        reason: keepReason(candidate, children),
      }),
    );
  const freed = evictions.reduce((sum, eviction) => sum + eviction.freesBytes, 0);
  const wanted = Math.max(pressure?.diskBytes ?? 0, pressure?.budgetBytes ?? 0);
  return {
    at: now,
    pressure,
    decisions: [...evictions, ...kept],
    evictions,
    totalBytes,
    shortfallBytes: Math.max(0, wanted - freed),
    freshness: snapshot.evidence.freshness,
  };
}

function choose(
  ordered: readonly Candidate[],
  pressure: Pressure | undefined,
  layers: LayerCount,
  images: readonly EngineImage[],
): readonly Eviction[] {
  if (pressure === undefined) return [];
  const children = childrenOf(images);
  const evictions: Eviction[] = [];
  const waiting = new Set(ordered);
  let freed = 0;
  const enough = (candidate: Candidate): boolean =>
    candidate.guard === undefined
      ? freed >= pressure.diskBytes && freed >= pressure.budgetBytes
      : freed >= pressure.emergencyBytes;
  for (let next = nextOf(waiting, children); next !== undefined; next = nextOf(waiting, children)) {
    if (enough(next)) break;
    waiting.delete(next);
    const freesBytes = layers.remove(next.image);
    freed += freesBytes;
    if (next.image.parent !== undefined) {
      children.set(next.image.parent, (children.get(next.image.parent) ?? 1) - 1);
    }
    const openedGuard = next.guard?.reason;
    const reason = openedGuard === undefined ? pressure.trigger : 'emergency';
    evictions.push({ ...judge(next), verdict: 'evict', reason, freesBytes, openedGuard });
  }
  return evictions;
}

/** The first in order that may go at all and has no child left: a parent goes after its children. */
function nextOf(
  waiting: ReadonlySet<Candidate>,
  children: ReadonlyMap<ImageId, number>,
): Candidate | undefined {
  for (const candidate of waiting) {
    if (candidate.guard?.holds === 'never') return undefined;
    if ((children.get(candidate.image.id) ?? 0) === 0) return candidate;
  }
  return undefined;
}

function keepReason(candidate: Candidate, children: ReadonlyMap<ImageId, number>): KeepReason {
  if (candidate.guard !== undefined) return candidate.guard.reason;
  return (children.get(candidate.image.id) ?? 0) > 0 ? 'has-children' : 'room-enough';
}

function judge({ image, lastUse, isExpected, ownBytes }: Candidate): Judged {
  return { image, lastUse, isExpected, bytes: imageBytes(image), ownBytes };
}

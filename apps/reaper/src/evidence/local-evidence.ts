import type { Clock, Millis } from '@sideband/shared/clock';
import { isIdentity } from '@sideband/shared/evidence/entries';
import { digestUses } from '@sideband/shared/evidence/merge';
import type { Identity, Use } from '@sideband/shared/evidence/model';
import { DEFAULT_BOUNDS, type Fed } from '@sideband/shared/evidence/store';
import type { Log } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';
import type { Evidence, Freshness } from '../plan/snapshot.ts';
import { type Entry, NOTHING } from './entry.ts';
import { entryText } from './entry-text.ts';
import { createEvidenceFiles } from './evidence-files.ts';
import { createKnowledge, type Knowledge, type KnowledgeBounds } from './knowledge.ts';
import { lackingIn } from './lacking.ts';
import type { LocalEvidence } from './port.ts';
import { createSaver } from './saver.ts';
import type { Sightings } from './sightings.ts';

/** A manager that was not seen for so long is not one of this host's any more. */
const MANAGER_MS = 30 * 86_400_000;
/** An address longer than this is nobody's: GitLab's paths end far below. */
const LONGEST_URL = 2_000;

/**
 * Opens what the state directory holds: `evidence.json`, a snapshot, and `evidence.log`, what came after it. Where
 * they cannot be read or written it begins, or goes on, without: never throws.
 */
export async function openLocalEvidence(options: {
  readonly stateDirectory: string;
  readonly host: HostName;
  readonly clock: Clock;
  /** GitLab's side of the evidence is stale when it ends longer ago than this. */
  readonly staleAfterMs: number;
  /** Those of the Redis store, so that neither keeps what the other refuses. */
  readonly bounds?: KnowledgeBounds;
  readonly log: Log;
}): Promise<LocalEvidence> {
  const { stateDirectory, clock, staleAfterMs, bounds = DEFAULT_BOUNDS } = options;
  const log = options.log.child({ host: options.host });
  const files = createEvidenceFiles(stateDirectory, log);
  const knowledge = createKnowledge(bounds);
  for (const entry of await files.load()) knowledge.learn(entry);
  const saver = createSaver({
    files,
    logBytes: await files.logBytes(),
    snapshot: () => {
      knowledge.trim();
      return entryText(knowledge.all);
    },
    clock,
    log,
  });
  let view: Omit<Evidence, 'leases' | 'freshness'> | undefined;

  async function keep(entry: Entry): Promise<void> {
    const news = knowledge.learn(entry);
    // It may still be on its way to the disk with what said it first.
    if (news === undefined) return saver.settled();
    view = undefined;
    await saver.save(entryText(news));
  }

  const { all } = knowledge;
  return {
    note: (sightings) => keep(entryOf(sightings, clock.now())),
    absorb: async (remote) => {
      const repullable = new Set([...remote.repullable].filter((identity) => !all.repullable.has(identity)));
      const kept = keep({
        ...NOTHING,
        lastUses: remote.lastUses,
        repullable,
        leases: remote.leases,
        fed: remote.fed,
      });
      knowledge.trim();
      const lacking = lackingIn(remote, all, bounds.identities);
      await kept;
      return lacking;
    },
    absorbLeases: (leases) => keep({ ...NOTHING, leases }),
    read: (now) => {
      view ??= viewOf(knowledge);
      const leases = (all.leases ?? []).filter((lease) => lease.expiresAt > now);
      return { ...view, leases, freshness: freshnessOf(all.fed, now, staleAfterMs) };
    },
    position: () => all.position,
    managers: (now) =>
      // Also one of a clock that was far ahead.
      [...all.managers].filter(([, at]) => Math.abs(now - at) <= MANAGER_MS).map(([manager]) => manager),
    instanceAt: (gitlab) => all.fed?.instances.get(gitlab),
    projectAt: (url) => all.projects.get(url),
    close: () => saver.close(),
  };
}

/** What they say of images, managers and projects; jobs are claimed elsewhere and not kept. */
function entryOf(sightings: Sightings, now: Millis): Entry {
  const { uses, pulled, builtHere, deleted, managers, projects, position } = sightings;
  return {
    ...NOTHING,
    lastUses: digestUses(uses.map(withoutUnfit)).lastUses,
    deleted: new Set(deleted as unknown as readonly Identity[]),
    repullable: new Set(pulled.filter(isIdentity)),
    builtHere: new Set(builtHere.filter(isIdentity)),
    managers: new Map(managers.map((manager) => [manager, now])),
    projects: new Map(
      projects.filter(({ url }) => url.length <= LONGEST_URL).map(({ url, project }) => [url, project]),
    ),
    position,
  };
}

/** Redis would not give an unfit identity back, so it would be told of it for ever. */
function withoutUnfit(use: Use): Use {
  return { ...use, identities: use.identities.filter(isIdentity) };
}

/** Copies: what a plan was made of does not change under it. */
function viewOf(knowledge: Knowledge): Omit<Evidence, 'leases' | 'freshness'> {
  knowledge.trim();
  const { lastUses, repullable, builtHere, projectImages } = knowledge.all;
  return {
    lastUses: new Map(lastUses),
    repullable: new Set(repullable),
    builtHere: new Set(builtHere),
    projectImages: new Map([...projectImages].map(([project, images]) => [project, [...images.keys()]])),
  };
}

function freshnessOf(fed: Fed | undefined, now: Millis, staleAfterMs: number): Freshness {
  if (fed === undefined) return { kind: 'watch-only', asOf: undefined };
  // A mark from a clock far ahead says nothing of how far it reaches.
  const isFresh = Math.abs(now - fed.at) <= staleAfterMs;
  return { kind: isFresh ? 'fresh' : 'stale', asOf: fed.at };
}

import type { Millis } from '@sideband/shared/clock';
import {
  instancesText,
  isIdentity,
  lastUseText,
  leaseScore,
  leaseText,
  parseInstances,
  parseLastUse,
  parseLease,
  wholeMillis,
} from '@sideband/shared/evidence/entries';
import type { Identity, LastUse } from '@sideband/shared/evidence/model';
import { parseJson } from '@sideband/shared/json';
import { type ProjectId, parseProjectId, parseSystemId, type SystemId } from '@sideband/shared/names';
import * as z from 'zod/mini';
import type { EventPosition } from '../engine/port.ts';
import { type Entry, NOTHING } from './entry.ts';

const timed = z.tuple([z.string(), z.number()]);
/** Last uses and leases are in the words they have in Redis, so both change together. */
const written = z.object({
  version: z.literal(1),
  /** A last use, and all identities that have this one. */
  lastUses: z.optional(z.array(z.tuple([z.string()], z.string()))),
  deleted: z.optional(z.array(z.string())),
  repullable: z.optional(z.array(z.string())),
  builtHere: z.optional(z.array(z.string())),
  leases: z.optional(z.array(timed)),
  fed: z.optional(z.tuple([z.string(), z.number()])),
  managers: z.optional(z.array(timed)),
  projects: z.optional(z.array(timed)),
  projectImages: z.optional(z.array(z.tuple([z.number(), z.array(timed)]))),
  position: z.optional(z.string()),
});

/** One line. */
export function entryText(entry: Entry): string {
  const { lastUses, deleted, repullable, builtHere, leases, fed, managers, projects, position } = entry;
  const uses = [...groupLastUses(lastUses)].map(([text, { identities }]) => [text, ...identities] as const);
  const images = [...entry.projectImages].map(([project, times]) => [project, [...times]] as const);
  const all = {
    version: 1,
    lastUses: unlessEmpty(uses),
    deleted: unlessEmpty(deleted),
    repullable: unlessEmpty(repullable),
    builtHere: unlessEmpty(builtHere),
    // That there are none any more is news.
    leases: leases?.map((lease) => [leaseText(lease), leaseScore(lease)] as const),
    fed: fed && ([instancesText(fed.instances), fed.at] as const),
    managers: unlessEmpty(managers),
    projects: unlessEmpty(projects),
    projectImages: unlessEmpty(images),
    position,
  };
  return JSON.stringify(all);
}

function unlessEmpty<T>(items: Iterable<T>): readonly T[] | undefined {
  const list = [...items];
  return list.length === 0 ? undefined : list;
}

/** The uses that are the same but for the identity, each with all its identities. */
export function groupLastUses(
  lastUses: Iterable<readonly [Identity, LastUse]>,
): ReadonlyMap<string, { readonly lastUse: LastUse; readonly identities: readonly Identity[] }> {
  const groups = new Map<string, { lastUse: LastUse; identities: Identity[] }>();
  for (const [identity, lastUse] of lastUses) {
    const text = lastUseText(lastUse);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, { lastUse, identities: [identity] });
    else group.identities.push(identity);
  }
  return groups;
}

/** Undefined where the text as a whole is not ours. `broken`: parts of it that were not understood and are left out. */
export function parseEntry(text: string): { readonly entry: Entry; readonly broken: number } | undefined {
  const parsed = z.safeParse(written, parseJson(text));
  if (!parsed.success) return undefined;
  const { data } = parsed;
  let broken = 0;
  function understood<T, U>(items: readonly T[] | undefined, parse: (item: T) => U | undefined): U[] {
    const known = (items ?? []).map(parse).filter((item) => item !== undefined);
    broken += (items?.length ?? 0) - known.length;
    return known;
  }
  const identities = (texts: readonly string[] | undefined): Set<Identity> =>
    new Set(understood(texts, toIdentity));
  const entry: Entry = {
    ...NOTHING,
    lastUses: new Map(
      understood(data.lastUses, ([use, ...names]) => {
        const lastUse = parseLastUse(use);
        return lastUse && understood(names, toIdentity).map((identity) => [identity, lastUse] as const);
      }).flat(),
    ),
    deleted: identities(data.deleted),
    repullable: identities(data.repullable),
    builtHere: identities(data.builtHere),
    leases: data.leases && understood(data.leases, ([lease, score]) => parseLease(lease, score)),
    fed: understood(data.fed && [data.fed], ([names, at]) => {
      const instances = parseInstances(names);
      return instances && { at: wholeMillis(at), instances };
    })[0],
    managers: new Map(understood(data.managers, toManager)),
    projects: new Map(understood(data.projects, toProject)),
    projectImages: new Map(
      understood(data.projectImages, ([id, images]) => {
        const project = parseProjectId(id);
        return project.ok ? ([project.value, new Map(understood(images, toTimed))] as const) : undefined;
      }),
    ),
    position: data.position as EventPosition | undefined,
  };
  return { entry, broken };
}

function toIdentity(text: string): Identity | undefined {
  return isIdentity(text) ? text : undefined;
}

function toTimed([text, at]: readonly [string, number]): readonly [Identity, Millis] | undefined {
  return isIdentity(text) ? [text, wholeMillis(at)] : undefined;
}

function toManager([text, at]: readonly [string, number]): readonly [SystemId, Millis] | undefined {
  const manager = parseSystemId(text);
  return manager.ok ? [manager.value, wholeMillis(at)] : undefined;
}

function toProject([url, id]: readonly [string, number]): readonly [string, ProjectId] | undefined {
  const project = parseProjectId(id);
  return project.ok ? [url, project.value] : undefined;
}

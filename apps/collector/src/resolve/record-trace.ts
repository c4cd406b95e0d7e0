import type { Millis } from '@sideband/shared/clock';
import type { HostName } from '@sideband/shared/names';
import type { UsedImage } from './ledger.ts';
import { placeUses } from './place-uses.ts';
import {
  type HeardJob,
  nothingDone,
  type Placement,
  type Resolved,
  type ResolverParts,
} from './resolver-parts.ts';
import type { TraceHead } from './trace-reader.ts';
import { imagesIn, runsElsewhere, runsInCluster } from './uses.ts';

/**
 * Makes a trace into evidence, and remembers it for the next job of the name. Outcomes: those of `placeUses`;
 * `kubernetes` (its images are on a cluster's nodes, where no reaper is); `no-images`.
 */
export async function recordTrace(
  parts: ResolverParts,
  heard: HeardJob,
  head: TraceHead,
  placement: Placement,
  at: Millis,
): Promise<Resolved> {
  if (runsElsewhere(head)) await rememberUse(parts, heard, [], [], at);
  if (runsInCluster(head)) return nothingDone('kubernetes');
  const images = imagesIn(head);
  if (images.length === 0) return { ...nothingDone('no-images'), hosts: [...placement.hosts] };

  const resolved = await placeUses(parts, heard, placement, images, { at, source: 'trace' });
  if (isWhole(head)) await rememberUse(parts, heard, images, placement.hosts, at);
  return resolved;
}

/** So that the next job of the name is leased from its start on. Hosts of earlier jobs stay, behind this one's. */
export async function rememberUse(
  { ledger }: ResolverParts,
  { key, job }: HeardJob,
  images: readonly UsedImage[],
  hosts: readonly HostName[],
  at: Millis,
): Promise<void> {
  const before = await ledger.lastOf(key.instance, key.project, job.name);
  const remembered = {
    images: images.map(({ role, identities }) => ({ role, identities })),
    hosts: [...new Set([...hosts, ...(before?.hosts ?? [])])],
  };
  await ledger.remember(key, job.name, remembered, at);
}

/** A job that died while it was prepared says nothing of what the next one needs. */
function isWhole(head: TraceHead): boolean {
  return head.complete && head.images.some((image) => image.role === 'build');
}

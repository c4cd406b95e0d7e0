import type { Millis } from '@sideband/shared/clock';
import { parseJson } from '@sideband/shared/json';
import type { JobId } from '@sideband/shared/names';
import { z } from 'zod';
import type { BackFill, ProjectMemory, ReadUpTo } from './poll-memory.ts';

const count = z.int().nonnegative();
const millis = count.transform((value) => value as Millis);
const jobId = z
  .int()
  .positive()
  .transform((value) => value as JobId);

const readUpTo = z.object({ begunAt: millis, highest: count });
const project = readUpTo.extend({
  open: z.array(z.tuple([jobId, millis])).optional(),
  owed: z.array(z.tuple([jobId, millis, millis])).optional(),
});
const backFill = z.object({
  begunAt: millis,
  reachedAt: millis,
  below: jobId.optional(),
  target: millis,
  found: count,
});

// Whatever cannot be read counts as nothing: it costs requests and is written anew.

export function formatReadUpTo({ begunAt, highest }: ReadUpTo): string {
  return JSON.stringify({ begunAt, highest });
}

export function parseReadUpTo(text: string | null): ReadUpTo | undefined {
  return text === null ? undefined : readUpTo.safeParse(parseJson(text)).data;
}

export function formatProject({ begunAt, highest, unsettled }: ProjectMemory): string {
  return JSON.stringify({
    begunAt,
    highest,
    open: unsettled && [...unsettled.open],
    owed: unsettled && Array.from(unsettled.owed, ([job, { createdAt, since }]) => [job, createdAt, since]),
  });
}

export function parseProject(text: string | null): ProjectMemory | undefined {
  const memory = text === null ? undefined : project.safeParse(parseJson(text)).data;
  if (memory === undefined) return undefined;
  const { begunAt, highest, open, owed } = memory;
  if (open === undefined || owed === undefined) return { begunAt, highest, unsettled: undefined };
  const unsettled = {
    open: new Map(open),
    owed: new Map(owed.map(([job, createdAt, since]) => [job, { createdAt, since }])),
  };
  return { begunAt, highest, unsettled };
}

export function formatBackFill(fill: BackFill): string {
  return JSON.stringify(fill);
}

export function parseBackFill(text: string | null): BackFill | undefined {
  const fill = text === null ? undefined : backFill.safeParse(parseJson(text)).data;
  return fill === undefined ? undefined : { ...fill, below: fill.below };
}

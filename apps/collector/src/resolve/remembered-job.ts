import type { Millis } from '@sideband/shared/clock';
import { ROLES } from '@sideband/shared/evidence/model';
import { parseHostName } from '@sideband/shared/names';
import * as z from 'zod';
import type { RememberedJob } from './ledger.ts';

/** What is kept of a job's name: which job that is from, and of what time. */
export interface JobMemory extends RememberedJob {
  readonly at: Millis;
  readonly job: number;
}

const MAX_HOSTS = 8;

const stored = z.object({
  at: z.number(),
  job: z.number(),
  images: z.array(z.object({ role: z.enum(ROLES), identities: z.array(z.string()) })),
  // Host names become parts of keys. A memory from before hosts were kept has none.
  hosts: z.array(z.string().refine((name) => parseHostName(name).ok)).default([]),
});

export function formatMemory(memory: JobMemory): string {
  return JSON.stringify(boundMemory(memory));
}

export function boundMemory(memory: JobMemory): JobMemory {
  return { ...memory, hosts: memory.hosts.slice(0, MAX_HOSTS) };
}

/** Undefined for what another version wrote: then the job is as one that has not been seen. */
export function parseMemory(text: string): JobMemory | undefined {
  try {
    const parsed = stored.safeParse(JSON.parse(text));
    return parsed.success ? (parsed.data as unknown as JobMemory) : undefined;
  } catch {
    return undefined;
  }
}

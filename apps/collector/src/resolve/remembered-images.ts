import type { Millis } from '@sideband/shared/clock';
import { ROLES } from '@sideband/shared/evidence/model';
import * as z from 'zod';
import type { UsedImage } from './ledger.ts';

export interface RememberedImages {
  readonly at: Millis;
  readonly job: number;
  readonly images: readonly UsedImage[];
}

const remembered = z.object({
  at: z.number(),
  job: z.number(),
  images: z.array(z.object({ role: z.enum(ROLES), identities: z.array(z.string()) })),
});

export function formatRemembered(images: RememberedImages): string {
  return JSON.stringify(images);
}

/** Undefined for what another version wrote: then the job is as one that has not been seen. */
export function parseRemembered(text: string): RememberedImages | undefined {
  try {
    const parsed = remembered.safeParse(JSON.parse(text));
    return parsed.success ? (parsed.data as unknown as RememberedImages) : undefined;
  } catch {
    return undefined;
  }
}

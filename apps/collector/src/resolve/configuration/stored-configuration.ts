import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { parseJson } from '@sideband/shared/json';
import * as z from 'zod';
import type { KnownConfiguration } from './cache.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

const NONE = 'none';
/** Far above what a configuration may say (`read-configuration.ts`). */
const MAX_JSON_BYTES = 64 * 2 ** 20;

const names = z.array(z.string()).nullable();
const inherit = z.union([z.boolean(), names]);
const variables = entries(z.object({ value: z.string(), isRaw: z.boolean() }).nullable()).nullable();
const settings = { image: z.string().nullish(), services: z.array(z.string().nullable()).nullish() };
const row = z.array(z.tuple([z.string(), z.array(z.string())]));
const job = z.object({
  ...settings,
  stage: z.string().nullable(),
  variables,
  ruleVariables: names,
  inheritDefault: inherit,
  inheritVariables: inherit,
  parallel: z.union([z.number(), z.array(row)]).nullish(),
  isTrigger: z.boolean(),
});
const configuration = z.object({
  defaults: z.object(settings),
  variables,
  workflowVariables: names,
  jobs: entries(job.nullable()),
});

/** JSON, compressed: a configuration of 500 jobs takes 3 kB, and 3 ms to read again. */
export async function formatStored(known: KnownConfiguration): Promise<Buffer> {
  if (known === 'none') return Buffer.from(NONE);
  return compress(JSON.stringify(known, (_, value: unknown) => (value instanceof Map ? [...value] : value)));
}

/** Undefined for what another version wrote. */
export async function parseStored(stored: Buffer): Promise<KnownConfiguration | undefined> {
  if (stored.toString('latin1') === NONE) return 'none';
  const text = await decompress(stored, { maxOutputLength: MAX_JSON_BYTES }).catch(() => undefined);
  return text === undefined ? undefined : configuration.safeParse(parseJson(text.toString())).data;
}

function entries<T>(value: z.ZodType<T>): z.ZodType<ReadonlyMap<string, T>> {
  return z.array(z.tuple([z.string(), value])).transform((pairs) => new Map(pairs));
}

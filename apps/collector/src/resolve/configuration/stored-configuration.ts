import { Buffer } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { parseJson } from '@sideband/shared/json';
import * as z from 'zod';
import type { KnownConfiguration, NoConfiguration } from './cache.ts';
import type { ConfiguredJob, WholeConfiguration } from './configuration.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

const WORDS: readonly NoConfiguration[] = ['none', 'of-default-branch'];
/** 5,000 jobs with five variables each take 1.5 MB. */
const MAX_JSON = 4 * 2 ** 20;
// Hooks are answered by this thread: see `read-tree.ts`.
const JOBS_A_TURN = 200;

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
const namedJob = z.tuple([z.string(), job.nullable()]);
const shared = z.object({ defaults: z.object(settings), variables, workflowVariables: names });

/**
 * A line of JSON with what all jobs share and one for each job, compressed: a configuration of 500 jobs takes 3 kB.
 * Undefined where it is too much.
 */
export async function formatStored(known: WholeConfiguration | NoConfiguration): Promise<Buffer | undefined> {
  if (typeof known === 'string') return Buffer.from(known);
  const { jobs, ...rest } = known;
  const lines = [toLine(rest)];
  let length = lines.join().length;
  for (const entry of jobs) {
    const line = toLine(entry);
    length += line.length;
    if (length > MAX_JSON) return undefined;
    lines.push(line);
    if (lines.length % JOBS_A_TURN === 0) await setImmediate();
  }
  return await compress(lines.join(''));
}

/** Jobs are parsed when they are asked for, and those alone. Undefined for what another version wrote. */
export async function parseStored(stored: Buffer): Promise<KnownConfiguration | undefined> {
  const word = WORDS.find((known) => stored.equals(Buffer.from(known)));
  if (word !== undefined) return word;
  // Every character may take three bytes.
  const lines = await decompress(stored, { maxOutputLength: 3 * MAX_JSON }).catch(() => undefined);
  const first = lines?.toString('utf8', 0, lines.indexOf('\n'));
  const parsed = first === undefined ? undefined : shared.safeParse(parseJson(first)).data;
  if (lines === undefined || parsed === undefined) return undefined;
  return { ...parsed, jobs: { get: (name) => findJob(lines, name) } };
}

/** No line end is within a JSON text, so that what begins like the job's line is that line. */
function findJob(lines: Buffer, name: string): ConfiguredJob | null | undefined {
  const start = lines.indexOf(`\n[${JSON.stringify(name)},`);
  if (start === -1) return undefined;
  const parsed = namedJob.safeParse(
    parseJson(lines.toString('utf8', start + 1, lines.indexOf('\n', start + 1))),
  );
  return parsed.success ? parsed.data[1] : null;
}

function toLine(value: unknown): string {
  return `${JSON.stringify(value, (_, part: unknown) => (part instanceof Map ? [...part] : part))}\n`;
}

function entries<T>(value: z.ZodType<T>): z.ZodType<ReadonlyMap<string, T>> {
  return z.array(z.tuple([z.string(), value])).transform((pairs) => new Map(pairs));
}

import * as z from 'zod/mini';
import type { Millis } from '../clock.ts';
import { parseJson } from '../json.ts';
import { type HostName, parseHostName, parseSystemId } from '../names.ts';
import { quote } from '../quote.ts';
import { ok, type Refusal, type Result, refuse } from '../result.ts';
import type { JobClaim, Notice, Registration } from './records.ts';

/* How what hosts say, and what is said to them, is written down. */

export const registrationRecord = z.object({
  host: z.string(),
  uuid: z.string(),
  systemIds: z.array(z.string()),
  seenAt: z.number(),
  mode: z.enum(['observe', 'enforce']),
  engine: z._default(z.string(), ''),
  instance: z.optional(z.string()),
});

/** A system id or an instance that is none is dropped alone. */
export function parseRegistration({
  instance: called,
  ...record
}: z.infer<typeof registrationRecord>): Registration | undefined {
  const host = parseHostName(record.host);
  if (!host.ok) return undefined;
  const instance = called === undefined ? undefined : parseMachineInstance(called);
  const systemIds = record.systemIds.map(parseSystemId).flatMap((id) => (id.ok ? [id.value] : []));
  const registration = { ...record, host: host.value, systemIds, seenAt: record.seenAt as Millis };
  return instance?.ok ? { ...registration, instance: instance.value } : registration;
}

/** The name an autoscaler gave to a machine: `i-0123456789abcdef0`. */
export function parseMachineInstance(text: string): Result<string, Refusal> {
  if (/^[!-~]{1,255}$/.test(text)) return ok(text);
  return refuse({
    reason: 'bad-instance',
    message: `${quote(text)} is no instance: use 1 to 255 printable ASCII characters without spaces`,
  });
}

// A host name has 253 characters at most, and five digits of a port behind it.
const ADDRESS = /^[^\s\p{Cc}]{1,259}$/u;

/** Undefined where the address is none: a label can hold anything. */
export function claimText({ gitlab, project, job }: JobClaim): string | undefined {
  return ADDRESS.test(gitlab) ? `${gitlab} ${project} ${job}` : undefined;
}

const noticeRecord = z.object({
  sharesManagerWith: z.array(z.string()),
  sharesEngineWith: z.array(z.string()),
});

export const NOTHING_NOTICED: Notice = { sharesManagerWith: [], sharesEngineWith: [] };

/** A name that is none is dropped alone. */
export function parseNotice(text: string): Notice | undefined {
  const parsed = noticeRecord.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  return {
    sharesManagerWith: hostNames(parsed.data.sharesManagerWith),
    sharesEngineWith: hostNames(parsed.data.sharesEngineWith),
  };
}

function hostNames(texts: readonly string[]): readonly HostName[] {
  return texts.map(parseHostName).flatMap((name) => (name.ok ? [name.value] : []));
}

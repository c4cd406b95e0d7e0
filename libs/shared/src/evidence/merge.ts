import type { Millis } from '../clock.ts';
import { jobNumber, lastUseRest, type ParkedUse, recordedUseText, wholeMillis } from './entries.ts';
import { CLOCK_TOLERANCE_MS, cutAtReceipt, type Identity, type LastUse, SOURCES, type Use } from './model.ts';

/**
 * Positive when `a` is the later use: by time, then the stronger source, then the higher job id (a use of no job
 * counts as 0). What is left (instances that number their jobs alike) is settled by the bytes of the rest, so that no order of arrival
 * can show. `lua/record-uses.ts` does the same.
 */
export function compareLastUses(a: LastUse, b: LastUse): number {
  return (
    a.at - b.at ||
    SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source) ||
    jobNumber(a) - jobNumber(b) ||
    compareBytes(lastUseRest(a), lastUseRest(b))
  );
}

/** As Redis orders the members of a sorted set; JavaScript's `<` orders by UTF-16 units instead. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** What a batch of uses says, each identity and each line of the audit once. A use of no job is no line there. */
export interface Digest {
  readonly lastUses: ReadonlyMap<Identity, LastUse>;
  /** By the text that names the recorded use. `ahead`: its time was cut by more than the tolerance. */
  readonly recorded: ReadonlyMap<string, { readonly at: Millis; readonly ahead: boolean }>;
}

export function digestUses(uses: readonly Use[]): Digest {
  const lastUses = new Map<Identity, LastUse>();
  const recorded = new Map<string, { at: Millis; ahead: boolean }>();
  for (const use of uses) {
    const [first] = use.identities;
    if (first === undefined) continue;
    const cut = cutAtReceipt(use);
    const at = wholeMillis(cut.at);
    const { job, jobName, role, source } = use;
    const lastUse: LastUse = { at, source, role, job, jobName: storedJobName(jobName) };
    for (const identity of use.identities) {
      const known = lastUses.get(identity);
      if (known === undefined || compareLastUses(lastUse, known) > 0) lastUses.set(identity, lastUse);
    }
    if (job === undefined) continue;
    const text = recordedUseText({ job, role, identity: first, source });
    const line = recorded.get(text);
    const ahead = cut.aheadMs > CLOCK_TOLERANCE_MS;
    if (line === undefined || at > line.at) recorded.set(text, { at, ahead });
  }
  return { lastUses, recorded };
}

/**
 * A use as it waits for its host: cut at its receipt, so that a second delivery is the same use. A use of no job
 * has no runner manager to wait under.
 */
export function parkedForm(use: Use): ParkedUse | undefined {
  const { job } = use;
  if (job === undefined) return undefined;
  const at = wholeMillis(cutAtReceipt(use).at);
  return { ...use, job, jobName: storedJobName(use.jobName), at, receivedAt: at };
}

// GitLab allows 255 characters for a job's name. Half a surrogate pair would not survive UTF-8.
function storedJobName(name: string): string {
  const short = name.length > 255 ? Array.from(name).slice(0, 255).join('') : name;
  return Buffer.from(short).toString();
}

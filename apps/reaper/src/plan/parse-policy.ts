import { type Bytes, parseByteSize } from '@sideband/shared/byte-size';
import { parseDuration } from '@sideband/shared/duration';
import { SidebandError } from '@sideband/shared/errors';
import { type Mark, parseMark } from '@sideband/shared/mark';
import type { Refusal, Result } from '@sideband/shared/result';
import { isNode, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod/mini';
import type { Policy } from './policy.ts';

/** Turns one of our strict parsers into a schema: numbers are refused, since `stop: 10` could mean anything. */
function text<T>(parse: (value: string) => Result<T, Refusal>) {
  return z.pipe(
    z.string('expected text with a unit, such as 10GB, 15% or 10m'),
    z.transform((value, context) => {
      const parsed = parse(value);
      if (parsed.ok) return parsed.value;
      context.issues.push({ code: 'custom', message: parsed.error.message, input: value });
      return z.NEVER;
    }),
  );
}

const schema = z.strictObject({
  mode: z._default(z.enum(['observe', 'enforce']), 'observe'),
  disk: z.prefault(
    z.strictObject({
      start: z.prefault(text(parseMark), '10%'),
      stop: z.optional(text(parseMark)),
      emergency: z.optional(text(parseMark)),
    }),
    {},
  ),
  budget: z.optional(z.strictObject({ start: text(parseByteSize), stop: text(parseByteSize) })),
  localMaxUnused: z.prefault(text(parseDuration), '30d'),
  grace: z.prefault(
    z.strictObject({
      afterPull: z.prefault(text(parseDuration), '10m'),
      afterUse: z.prefault(text(parseDuration), '10m'),
    }),
    {},
  ),
});

/** A policy from its YAML text. Throws `POLICY_INVALID` with file, line and every problem found. */
export function parsePolicy(yaml: string, file: string): Policy {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, uniqueKeys: true });
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  const broken = document.errors.map(
    (error) => `${file}:${lineAt(error.pos[0])}: ${firstLine(error.message)}`,
  );
  if (broken.length > 0) throw new SidebandError('POLICY_INVALID', { problems: broken });
  const parsed = z.safeParse(schema, document.toJS() ?? {});
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap(problemsOf).map(({ path, message }) => {
      const node = document.getIn(path, true);
      const line = isNode(node) && node.range ? lineAt(node.range[0]) : 1;
      return `${file}:${line}: ${[...path.map(String), message].join(': ')}`;
    });
    throw new SidebandError('POLICY_INVALID', { problems });
  }
  const { mode, disk, budget, localMaxUnused, grace } = parsed.data;
  const stop = disk.stop ?? justAbove(disk.start);
  const emergency = disk.emergency ?? third(disk.start);
  const problems = [
    ...outOfOrder('disk.emergency', emergency, 'disk.start', disk.start),
    ...outOfOrder('disk.start', disk.start, 'disk.stop', stop),
    ...(budget && budget.stop > budget.start
      ? [`budget.stop must not be above budget.start: a reap ends at stop`]
      : []),
  ];
  if (problems.length > 0) {
    throw new SidebandError('POLICY_INVALID', { problems: problems.map((problem) => `${file}: ${problem}`) });
  }
  return {
    mode,
    disk: { start: disk.start, stop, emergency },
    budget: budget && { startBytes: budget.start, stopBytes: budget.stop },
    localMaxUnused,
    grace,
  };
}

/** On real history a `stop` just above `start` re-pulls 15 % less than one a tenth of the disk above it. */
function justAbove(start: Mark): Mark {
  return start.kind === 'percent'
    ? { kind: 'percent', percent: Math.min(99, start.percent + 1) }
    : { kind: 'bytes', bytes: Math.round(start.bytes * 1.1) as Bytes };
}

function third(start: Mark): Mark {
  return start.kind === 'percent'
    ? { kind: 'percent', percent: start.percent / 3 }
    : { kind: 'bytes', bytes: Math.floor(start.bytes / 3) as Bytes };
}

/** Percent and bytes can only be compared on a disk; marks of one kind are compared here. */
function outOfOrder(lowName: string, low: Mark, highName: string, high: Mark): readonly string[] {
  if (low.kind !== high.kind) return [`${lowName} and ${highName} must both be percentages or both be sizes`];
  const wrong =
    low.kind === 'percent' && high.kind === 'percent'
      ? low.percent > high.percent
      : low.kind === 'bytes' && high.kind === 'bytes' && low.bytes > high.bytes;
  return wrong ? [`${lowName} must not be above ${highName}: marks are free space`] : [];
}

/** zod's small edition has no words of its own. */
function problemsOf(issue: z.core.$ZodIssue): readonly { path: readonly PropertyKey[]; message: string }[] {
  const { path } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: 'is no setting of the policy' }));
    case 'invalid_value':
      return [{ path, message: `expected ${issue.values.map(String).join(' or ')}` }];
    case 'invalid_type':
      return [
        { path, message: issue.message === 'Invalid input' ? `expected ${issue.expected}` : issue.message },
      ];
    default:
      return [{ path, message: issue.message }];
  }
}

function firstLine(message: string): string {
  return message.split('\n')[0] ?? message;
}

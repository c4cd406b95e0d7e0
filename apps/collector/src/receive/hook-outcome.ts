import type { HookSource } from './hook-secret.ts';

/** What became of one delivery. */
export const HOOK_OUTCOMES = [
  'queued',
  /** Taken before: GitLab's "Resend", or a delivery that came twice. */
  'duplicate',
  /** Of a job or a project, and nothing that a use follows from. */
  'not-needed',
  /** A push, a comment, what a project may not speak of: not ours, and no fault of the sender. */
  'other-event',
  /** A job's status that a later GitLab invented. */
  'unknown-status',
  'malformed',
  'wrong-project',
  'unauthorized',
  /** The very same signed request once more. */
  'replayed',
  'not-allowed',
  'limited',
  'too-large',
  /** The body did not arrive as its headers said. */
  'cut-off',
  'shed',
  'queue-away',
  /** A fault of our own, such as a secret's file that cannot be read. */
  'failed',
] as const;
export type HookOutcome = (typeof HOOK_OUTCOMES)[number];

/** Why a hook was sent away before its body was read. */
export const SHED_REASONS = ['requests', 'bytes', 'queue'] as const;
export type ShedReason = (typeof SHED_REASONS)[number];

export type SourceKind = HookSource['kind'];

/** Told of what happens here. */
export interface HookMetrics {
  /** One answer; the time is from the request's head to the answer's last byte. */
  hookAnswered(source: SourceKind, outcome: HookOutcome, seconds: number): void;
  hookShed(reason: ShedReason): void;
  /** Jobs of one pipeline beyond those that are taken from one hook; reconcile finds them. */
  buildsLeftOut(count: number): void;
}

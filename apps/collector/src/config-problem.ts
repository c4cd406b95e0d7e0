import type { Refusal, Result } from '@sideband/shared/result';
import type { z } from 'zod';

/** One setting that was refused, and why. Never shows a secret. */
export interface Problem {
  readonly setting: string;
  readonly problem: string;
}

export function refused(setting: string, result: Result<unknown, Refusal>): readonly Problem[] {
  return result.ok ? [] : [{ setting, problem: result.error.message }];
}

export function refusedBy(error: z.ZodError | undefined): readonly Problem[] {
  return (error?.issues ?? []).map((issue) => ({ setting: String(issue.path[0]), problem: issue.message }));
}

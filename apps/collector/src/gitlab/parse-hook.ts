import type { Millis } from '@sideband/shared/clock';
import { parseGitLabTime } from '@sideband/shared/gitlab-time';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';
import { z } from 'zod';
import type { Hook, HookDelivery } from './hooks-port.ts';

/** GitLab's own bound of a hook's address. */
const URL_LIMIT = 2_048;
const DESCRIPTION_LIMIT = 2_048;
const STATUS_LIMIT = 100;

const time = z
  .string()
  .nullish()
  .catch(undefined)
  .transform((text): Millis | undefined => (text ? parseGitLabTime(text) : undefined));

const hookSchema = z.looseObject({
  id: z.int().positive(),
  url: z.string().max(URL_LIMIT),
  enable_ssl_verification: z.boolean().nullish(),
  token_present: z.boolean().nullish(),
  signing_token_present: z.boolean().nullish(),
  description: z
    .string()
    .nullish()
    .transform((text) => text?.slice(0, DESCRIPTION_LIMIT)),
  // A word of a newer GitLab does not say that the hook is off.
  alert_status: z.enum(['executable', 'temporarily_disabled', 'disabled']).catch('executable'),
  disabled_until: time,
});

const deliverySchema = z.object({
  response_status: z
    .union([z.string(), z.number()])
    .transform((status) => `${status}`.slice(0, STATUS_LIMIT)),
  // Absent before about 18.
  created_at: time,
});

const STATES = { executable: 'enabled', temporarily_disabled: 'paused', disabled: 'disabled' } as const;

/** Reads a hook of a project, a group or the system. The refusal names fields, never their values. */
export function parseHook(raw: unknown): Result<Hook, Refusal> {
  const parsed = hookSchema.safeParse(raw);
  if (!parsed.success) return refuse({ reason: 'bad-hook', message: describe(parsed.error, 'hook') });
  const { data } = parsed;
  const state = STATES[data.alert_status];
  return ok({
    id: data.id,
    url: data.url,
    events: Object.keys(data).filter((name) => name.endsWith('_events') && data[name] === true),
    // What is not said to be on counts as off: installing the hook again says it.
    verifiesTls: data.enable_ssl_verification === true,
    hasToken: data.token_present ?? undefined,
    hasSigningToken: data.signing_token_present ?? undefined,
    description: data.description,
    state,
    // GitLab goes on saying until when after the pause is over.
    pausedUntil: state === 'paused' ? data.disabled_until : undefined,
  });
}

/** Reads an entry of a hook's log. What was sent and answered stays unread. */
export function parseHookDelivery(raw: unknown): Result<HookDelivery, Refusal> {
  const parsed = deliverySchema.safeParse(raw);
  if (!parsed.success) return refuse({ reason: 'bad-delivery', message: describe(parsed.error, 'delivery') });
  return ok({ at: parsed.data.created_at, status: parsed.data.response_status });
}

function describe(error: z.ZodError, whole: string): string {
  return error.issues.map((issue) => `${issue.path.join('.') || whole}: ${issue.message}`).join('; ');
}

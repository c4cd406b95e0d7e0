import type { FormattedResponse, RequesterType } from '@gitbeaker/requester-utils';
import type { Millis } from '@sideband/shared/clock';
import { z } from 'zod';
import { shapeError } from './answer-error.ts';
import type { ServerInfo } from './hooks-port.ts';

const VERSION_LIMIT = 100;
const versionSchema = z.object({ version: z.string().max(VERSION_LIMIT) });

/** `GET /version`: any token that may read the API may ask it. */
export async function readServer(requester: RequesterType): Promise<ServerInfo> {
  const answer: FormattedResponse = await requester.get('version');
  const parsed = versionSchema.safeParse(answer.body);
  if (!parsed.success) throw shapeError('version', 'malformed', 'expected a version');
  const at = Date.parse(answer.headers['date'] ?? '');
  return { version: parsed.data.version, at: Number.isNaN(at) ? undefined : (at as Millis) };
}

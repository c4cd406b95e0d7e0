import type { Millis } from '@sideband/shared/clock';
import { z } from 'zod';

const isoTime = z.iso.datetime({ offset: true });

/**
 * Reads a time as GitLab writes it: `2021-02-23T02:41:37.886Z`, the same with the instance's own offset
 * (`+01:00`), or the older `2016-08-12 15:26:29 UTC`. Anything else, or a day that no calendar has, is `undefined`.
 */
export function parseGitLabTime(text: string): Millis | undefined {
  const iso = isoTime.safeParse(text.replace(OLD_FORM, '$1T$2Z'));
  return iso.success ? (Date.parse(iso.data) as Millis) : undefined;
}

const OLD_FORM = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/;

import * as z from 'zod/mini';
import type { Millis } from './clock.ts';

const isoTime = z.iso.datetime({ offset: true });

/**
 * Reads a time as GitLab writes it: `2021-02-23T02:41:37.886Z`, the same with the instance's own offset (`+01:00`),
 * or the older `2016-08-12 15:26:29 UTC` (`+0100` where the instance has a time zone of its own). Anything else, or a
 * day that no calendar has, is `undefined`.
 */
export function parseGitLabTime(text: string): Millis | undefined {
  const iso = isoTime.safeParse(text.replace(OLD_UTC, '$1T$2Z').replace(OLD_OFFSET, '$1T$2$3:$4'));
  return iso.success ? (Date.parse(iso.data) as Millis) : undefined;
}

const OLD_UTC = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/;
const OLD_OFFSET = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)$/;

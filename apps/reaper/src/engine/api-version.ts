import { SidebandError } from '@sideband/shared/errors';
import { quote } from '@sideband/shared/quote';

/** The newest API whose answers we have read about (Docker 29.7); a newer engine is asked in this one. */
const NEWEST_KNOWN = [1, 55] as const;

/**
 * The version to ask an engine in, from what its ping says is its newest. Never left out: an engine then answers
 * in its newest, and shapes change under us with each upgrade. Throws `ENGINE_FAILED` if it says none.
 */
export function pickApiVersion(newestOfEngine: string): string {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,4})$/.exec(newestOfEngine) ?? [];
  if (major === undefined || minor === undefined) {
    throw new SidebandError('ENGINE_FAILED', {
      call: 'GET /_ping',
      reason: `its API version is ${quote(newestOfEngine)}; is this the socket of a container engine?`,
    });
  }
  const [knownMajor, knownMinor] = NEWEST_KNOWN;
  const isNewer = Number(major) > knownMajor || (Number(major) === knownMajor && Number(minor) > knownMinor);
  return isNewer ? NEWEST_KNOWN.join('.') : newestOfEngine;
}

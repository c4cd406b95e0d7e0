import { isDeepStrictEqual } from 'node:util';
import type { HostRecords, Notice, Registration } from '@sideband/shared/hosts/records';
import type { Log } from '@sideband/shared/log';
import type { HostName } from '@sideband/shared/names';
import { compareHosts } from './compare-hosts.ts';

/** Lists in the log end here. */
const LOGGED = 50;

/**
 * Tells hosts what they share with others, and when that is over; the log says each change once, whichever
 * collector sees it. Throws `REDIS_UNAVAILABLE`.
 */
export async function notifyHosts(
  records: Pick<HostRecords, 'notify' | 'notice'>,
  registrations: readonly Registration[],
  log: Log,
): Promise<void> {
  const news: ({ readonly host: HostName } & Notice)[] = [];
  const over: HostName[] = [];
  for (const [host, notice] of compareHosts(registrations)) {
    const changed = !isDeepStrictEqual(await records.notice(host), notice);
    const isEmpty = notice.sharesManagerWith.length === 0 && notice.sharesEngineWith.length === 0;
    if (changed && isEmpty) over.push(host);
    if (changed && !isEmpty) news.push({ host, ...notice });
    // One that holds on is said again: it is kept for a day.
    if (changed || !isEmpty) await records.notify(host, notice);
  }
  if (news.length > 0) {
    log.warn(
      { count: news.length, hosts: news.slice(0, LOGGED) },
      'Hosts share a runner manager or a container engine',
    );
  }
  if (over.length > 0) {
    log.info({ count: over.length, hosts: over.slice(0, LOGGED) }, 'Hosts share nothing any more');
  }
}

import type { Millis } from '@sideband/shared/clock';
import type { Registration } from '@sideband/shared/hosts/records';
import type { HostName, SystemId } from '@sideband/shared/names';
import { expect, test } from 'vitest';
import { checkHosts, type SeenManagers } from './check-hosts.ts';

const HERE = 's_0123456789ab' as SystemId;
const THERE = 's_ba9876543210' as SystemId;

function host(name: string, ...systemIds: SystemId[]): Registration {
  const seenAt = 0 as Millis;
  return { host: name as HostName, uuid: name, systemIds, seenAt, mode: 'observe', engine: '' };
}

function seen(isComplete: boolean, ...managers: SystemId[]): SeenManagers {
  return { managers: new Set(managers), isComplete };
}

function found(
  registrations: readonly Registration[] | undefined,
  ...managers: SeenManagers[]
): (readonly [string, string])[] {
  return checkHosts(registrations, managers).map(({ level, text }) => [level, text] as const);
}

test('a host is no stranger if any of the GitLabs names its manager', () => {
  const hosts = [host('a', HERE), host('b', THERE)];
  expect(found(hosts, seen(true, HERE), seen(true, THERE))).toEqual([
    ['ok', '2 hosts have a reaper, and each serves a manager'],
  ]);
  expect(found(hosts, seen(true, HERE), seen(true))).toEqual([
    ['warning', '1 hosts serve no manager that the token sees: b'],
  ]);
});

test('nobody is called a stranger while managers are not known', () => {
  expect(found([host('b', THERE)], seen(true, HERE), seen(false))).toEqual([
    ['ok', 'not all managers are known, so no host was looked for among them'],
  ]);
  expect(found(undefined, seen(true, HERE))).toEqual([
    ['ok', 'Redis was not asked, or did not answer: hosts were not compared with managers'],
  ]);
});

test('of many strangers ten are named', () => {
  const hosts = Array.from({ length: 12 }, (_, index) => host(`host-${index}`, THERE));
  expect(found(hosts, seen(true, HERE))[0]?.[1]).toMatch(/: host-0, .*host-9 and 2 more$/);
});

import type { Millis } from '@sideband/shared/clock';
import type { Notice, Registration } from '@sideband/shared/hosts/records';
import { type Log, silentLog } from '@sideband/shared/log';
import type { HostName, SystemId } from '@sideband/shared/names';
import { expect, it } from 'vitest';
import { notifyHosts } from './notify-hosts.ts';

const ONE = 'one' as HostName;
const TWO = 'two' as HostName;
const NOTHING: Notice = { sharesManagerWith: [], sharesEngineWith: [] };

function registration(host: HostName, engine: string): Registration {
  const systemIds = [
    `s_00000000000${host.length}`,
    's_aaaaaaaaaaaa',
  ] as readonly string[] as readonly SystemId[];
  return { host, uuid: host, systemIds, seenAt: 0 as Millis, mode: 'observe', engine };
}

function fixture() {
  const notices = new Map<HostName, Notice>();
  const told: HostName[] = [];
  const said: string[] = [];
  const log: Log = Object.assign(silentLog(), {
    warn: (_: object, text: string) => void said.push(`warn: ${text}`),
    info: (_: object, text: string) => void said.push(`info: ${text}`),
  });
  const records = {
    notice: async (host: HostName) => notices.get(host) ?? NOTHING,
    notify: async (host: HostName, notice: Notice) => {
      notices.set(host, notice);
      told.push(host);
    },
  };
  const notify = (...registrations: readonly Registration[]) => notifyHosts(records, registrations, log);
  return { notices, told, said, notify };
}

it('tells both, again and again, and the log once', async () => {
  const { notices, told, said, notify } = fixture();
  const shared = [registration(ONE, 'boot'), registration(TWO, 'boot')];
  await notify(...shared);
  await notify(...shared);
  expect(notices.get(ONE)).toEqual({ sharesManagerWith: [TWO], sharesEngineWith: [TWO] });
  expect(notices.get(TWO)).toEqual({ sharesManagerWith: [ONE], sharesEngineWith: [ONE] });
  expect(told).toEqual([ONE, TWO, ONE, TWO]);
  expect(said).toEqual(['warn: Hosts share a runner manager or a container engine']);
});

it('says it anew when it becomes another thing, and once when it is over', async () => {
  const { notices, told, said, notify } = fixture();
  await notify(registration(ONE, 'boot'), registration(TWO, 'boot'));
  await notify(registration(ONE, 'boot'), registration(TWO, 'another'));
  expect(notices.get(ONE)).toEqual({ sharesManagerWith: [TWO], sharesEngineWith: [] });
  await notify(registration(ONE, 'boot'));
  await notify(registration(ONE, 'boot'));
  expect(notices.get(ONE)).toEqual(NOTHING);
  expect(told).toEqual([ONE, TWO, ONE, TWO, ONE]);
  expect(said).toEqual([
    'warn: Hosts share a runner manager or a container engine',
    'warn: Hosts share a runner manager or a container engine',
    'info: Hosts share nothing any more',
  ]);
});

it('has nothing to say to hosts that share nothing', async () => {
  const { told, said, notify } = fixture();
  await notify(registration(ONE, ''));
  expect([told, said]).toEqual([[], []]);
});

import type { Notice, Registration } from '@sideband/shared/hosts/records';
import type { HostName } from '@sideband/shared/names';

/** A fleet made from one image may share a single manager: each host is told of so many others, by name. */
const TOLD = 20;

/** What there is to say to each of the hosts, also where that is nothing. */
export function compareHosts(registrations: readonly Registration[]): ReadonlyMap<HostName, Notice> {
  const managers = groupHosts(registrations, ({ systemIds }) => systemIds);
  const engines = groupHosts(registrations, ({ engine }) => (engine === '' ? [] : [engine]));
  return new Map(
    registrations.map(({ host, systemIds, engine }) => [
      host,
      {
        sharesManagerWith: others(
          host,
          systemIds.flatMap((id) => managers.get(id) ?? []),
        ),
        sharesEngineWith: others(host, engines.get(engine) ?? []),
      },
    ]),
  );
}

function groupHosts(
  registrations: readonly Registration[],
  traits: (registration: Registration) => readonly string[],
): ReadonlyMap<string, readonly HostName[]> {
  const groups = new Map<string, HostName[]>();
  for (const registration of registrations) {
    for (const trait of traits(registration)) {
      const group = groups.get(trait);
      if (group === undefined) groups.set(trait, [registration.host]);
      else group.push(registration.host);
    }
  }
  return groups;
}

function others(host: HostName, group: readonly HostName[]): readonly HostName[] {
  return [...new Set(group)]
    .filter((other) => other !== host)
    .sort()
    .slice(0, TOLD);
}

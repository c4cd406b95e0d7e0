import type { Import } from './scan-imports.ts';

/**
 * What each room of an app may import beside itself and libs/shared: a whole room, or one file of it. Files that lie
 * directly in `src` compose the rooms and may import all of them; no room imports those.
 */
const ROOMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  collector: {
    gitlab: [],
    receive: [],
    resolve: ['gitlab/port'],
    reconcile: ['gitlab/port', 'resolve'],
    onboard: [
      'gitlab/port',
      'gitlab/hooks-port',
      'gitlab/gitlab-version',
      'receive/hook-secret',
      'resolve/ledger',
    ],
    metrics: ['gitlab/guest/request-outcome', 'receive/hook-outcome'],
    admin: [],
    cli: ['gitlab', 'receive/hook-secret', 'resolve', 'onboard', '.'],
  },
  reaper: {
    engine: [],
    // The disk's in-memory twin holds the layers of the engine's twin.
    disk: ['engine/memory-engine'],
    identity: [],
    plan: ['engine/port', 'disk/port'],
    evidence: ['engine/port', 'plan/snapshot'],
    watch: ['engine/port', 'evidence/sightings'],
    runner: [],
    metrics: ['engine/port', 'engine/engine-call', 'plan/snapshot'],
    reap: ['engine', 'disk', 'plan'],
    cli: ['engine', 'disk', 'identity', 'plan', 'reap', '.'],
  },
};

/** Files of libs/shared that do I/O, or hand out what does. */
const IMPURE_SHARED =
  /^libs\/shared\/src\/(?:log|redis[\w-]*|write-atomically|when-redis-is-ready|queues\/.*|(?:evidence|hosts)\/redis-[\w-]*)\.ts$/;
const PURE_PACKAGES: ReadonlySet<string> = new Set(['zod/mini', 'yaml', 'picomatch', 're2js']);

type Rule = (importer: string, target: Import) => string | undefined;

/** Each answers with what is wrong with an import, or with nothing. */
export const IMPORT_RULES: readonly Rule[] = [
  appsApart,
  sharedStandsAlone,
  appsWithoutInfra,
  gitbeakerInOneRoom,
  dockerodeInOneRoom,
  planIsPure,
  downwardsOnly,
];

export function isTest(file: string): boolean {
  return /\.(?:test|suite)\.tsx?$/.test(file);
}

function appsApart(importer: string, { file }: Import): string | undefined {
  const from = appOf(importer);
  const to = file === undefined ? undefined : appOf(file);
  if (from === undefined || to === undefined || from === to) return undefined;
  return `${from} imports ${to}: apps share nothing but Redis`;
}

function sharedStandsAlone(importer: string, { file }: Import): string | undefined {
  if (!importer.startsWith('libs/') || isTest(importer) || file === undefined) return undefined;
  return file.startsWith('libs/') ? undefined : `libs/shared imports ${file}: it is below everything else`;
}

function appsWithoutInfra(importer: string, { file }: Import): string | undefined {
  if (appOf(importer) === undefined || isTest(importer)) return undefined;
  return file !== undefined && /^(?:infra|bench)\//.test(file)
    ? `an app imports ${file}: only its tests may`
    : undefined;
}

function gitbeakerInOneRoom(importer: string, { specifier }: Import): string | undefined {
  if (!specifier.startsWith('@gitbeaker/') || importer.startsWith('apps/collector/src/gitlab/'))
    return undefined;
  return `${specifier} outside apps/collector/src/gitlab: ask the port`;
}

function dockerodeInOneRoom(importer: string, { specifier }: Import): string | undefined {
  if (
    !/^dockerode(?:\/|$)/.test(specifier) ||
    /^(?:apps\/reaper\/src\/engine|infra\/testkit)\//.test(importer)
  ) {
    return undefined;
  }
  return 'dockerode outside apps/reaper/src/engine and infra/testkit: ask the port';
}

function planIsPure(importer: string, { specifier, file }: Import): string | undefined {
  if (!importer.startsWith('apps/reaper/src/plan/') || isTest(importer)) return undefined;
  const pure = file === undefined ? PURE_PACKAGES.has(specifier) : !IMPURE_SHARED.test(file);
  return pure ? undefined : `plan imports ${specifier}: it is pure and does no I/O`;
}

function downwardsOnly(importer: string, { file }: Import): string | undefined {
  const app = appOf(importer);
  if (app === undefined || isTest(importer) || file === undefined || appOf(file) !== app) return undefined;
  const from = roomOf(importer);
  const to = roomOf(file);
  if (from === undefined || from === to) return undefined;
  const allowed = ROOMS[app]?.[from];
  if (allowed === undefined) return `${from} is a room that the table in room-rules.ts does not know`;
  const inside = file.replace(/^apps\/[^/]+\/src\//, '').replace(/\.tsx?$/, '');
  if (allowed.includes(to ?? '.') || allowed.includes(inside)) return undefined;
  return `${from} imports ${inside}: it may import ${allowed.length === 0 ? 'libs/shared only' : allowed.join(', ')}`;
}

function appOf(file: string): string | undefined {
  return /^apps\/([^/]+)\//.exec(file)?.[1];
}

/** The folder under `src`, or undefined for a file that lies in `src` itself. */
function roomOf(file: string): string | undefined {
  return /^apps\/[^/]+\/src\/([^/]+)\//.exec(file)?.[1];
}

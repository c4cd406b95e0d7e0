import { ManualClock } from '@sideband/shared/clock';
import { DEFAULT_BOUNDS } from '@sideband/shared/evidence/store';
import { pino } from 'pino';
import type { EventPosition } from '../engine/port.ts';
import { aJob, aUse, HOST, HOUR, identity, MANAGER, NOON, RUBY, RUBY_ID, seen } from './evidence.suite.ts';
import { openLocalEvidence } from './local-evidence.ts';
import type { LocalEvidence } from './port.ts';

export async function open(path: string, clock = new ManualClock(NOON), bounds = DEFAULT_BOUNDS) {
  const said: { readonly level: number; readonly msg: string }[] = [];
  const log = pino({}, { write: (line) => void said.push(JSON.parse(line)) });
  const local = await openLocalEvidence({
    stateDirectory: path,
    host: HOST,
    clock,
    staleAfterMs: HOUR,
    bounds,
    log,
  });
  return { local, said };
}

/** All that can be asked of it. */
export function everything(local: LocalEvidence): unknown {
  return {
    ...local.read(NOON),
    position: local.position(),
    managers: local.managers(NOON),
    instance: local.instanceAt('gitlab.example'),
    projects: [local.projectAt('https://gitlab.example/a/b'), local.projectAt('https://gitlab.example/c')],
  };
}

export const POSITION = '1795262400.5' as EventPosition;
export const NOTED = seen({
  uses: [aUse({ identities: [RUBY_ID, RUBY] })],
  pulled: [RUBY_ID],
  builtHere: [identity(9)],
  managers: [MANAGER],
  projects: [{ url: 'https://gitlab.example/a/b', project: aJob(1).project }],
  position: POSITION,
});
export const FED = { at: NOON, instances: new Map([['gitlab.example', aJob(1).instance]]) };

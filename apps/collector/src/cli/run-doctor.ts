import { errorText } from '@sideband/shared/errors';
import type { HostRecords, Registration } from '@sideband/shared/hosts/records';
import type { GitLabConfig } from '../config-gitlab.ts';
import type { HookTarget } from '../onboard/desired-hook.ts';
import { checkHosts, type SeenManagers } from '../onboard/doctor/check-hosts.ts';
import { examine } from '../onboard/doctor/examine.ts';
import { type Finding, problem } from '../onboard/doctor/finding.ts';
import { printJson } from './print-json.ts';
import type { ExitCode, Program } from './program.ts';
import { type CliSettings, chooseGitLab, readCliSettings, wantsSignature } from './settings.ts';

/** Reads what hosts said of themselves; throws where Redis is not there. */
export type ReadRegistrations = (
  redisUrl: string,
) => Promise<Awaited<ReturnType<HostRecords['registrations']>>>;

const MARKS: Readonly<Record<Finding['level'], string>> = {
  ok: 'ok     ',
  warning: 'warning',
  problem: 'PROBLEM',
};

const NOBODY_SEEN: SeenManagers = { managers: new Set(), isComplete: false };

/** `sideband-collector doctor`. 1: something does not work. */
export async function runDoctor(
  program: Program,
  command: { readonly gitlab: string | undefined; readonly json: boolean },
  readRegistrations: ReadRegistrations,
): Promise<ExitCode> {
  const settings = readCliSettings(program.sources);
  const gitLabs = command.gitlab === undefined ? settings.gitLabs : [chooseGitLab(settings, command.gitlab)];
  const redis: Finding[] = [];
  const registrations = await readHosts(settings, readRegistrations, redis);
  if (!command.json) program.print(render('Redis', redis));
  const examined = [];
  // Of a GitLab that was not asked nobody knows the managers.
  const seen = gitLabs.length < settings.gitLabs.length ? [NOBODY_SEEN] : [];
  for (const gitLab of gitLabs) {
    const { gitlab, admin, close } = program.connect(gitLab);
    try {
      const target = targetOf(settings, gitLab);
      const patient = { gitlab, admin, target, registrations, clock: program.clock };
      const { findings, ...managers } = await examine({
        ...patient,
        wantsSignature: wantsSignature(gitLab),
      });
      seen.push(managers);
      examined.push({ gitlab: gitLab.instance, url: gitLab.url, findings });
      if (!command.json) program.print(render(`${gitLab.instance} (${gitLab.url})`, findings));
    } finally {
      await close();
    }
  }
  const hosts = checkHosts(registrations, seen);
  if (command.json) printJson(program, { redis, gitlabs: examined, hosts });
  else program.print(render('Hosts', hosts));
  const all = [...redis, ...examined.flatMap(({ findings }) => findings), ...hosts];
  return all.some(({ level }) => level === 'problem') ? 1 : 0;
}

async function readHosts(
  { redisUrl }: CliSettings,
  readRegistrations: ReadRegistrations,
  findings: Finding[],
): Promise<readonly Registration[] | undefined> {
  if (redisUrl === undefined) return undefined;
  try {
    const registrations = await readRegistrations(redisUrl());
    findings.push({
      check: 'redis',
      level: 'ok',
      text: `Redis answers; ${registrations.length} hosts have a reaper`,
    });
    return registrations;
  } catch (error) {
    findings.push(problem('redis', errorText(error), 'Start Redis, or correct SIDEBAND_REDIS.'));
    return undefined;
  }
}

function targetOf({ publicUrl }: CliSettings, { instance, hooks }: GitLabConfig): HookTarget | undefined {
  const [master] = hooks.masters();
  return publicUrl === undefined || master === undefined ? undefined : { instance, publicUrl, master };
}

function render(title: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return '';
  const lines = findings.map(({ level, text, advice }) => {
    const first = `  ${MARKS[level]}  ${text}`;
    return advice === undefined ? first : `${first}\n           ${advice}`;
  });
  return `${title}\n${lines.join('\n')}\n`;
}

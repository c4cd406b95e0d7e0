import { SidebandError } from '@sideband/shared/errors';
import { describeSecret, type HookTarget } from '../onboard/desired-hook.ts';
import { installHook, type OwnerOutcome, removeHooks, signsHooks } from '../onboard/install-hooks.ts';
import { unmetRequirement } from '../onboard/unmet-requirement.ts';
import { type OwnerReport, verifyHooks } from '../onboard/verify-hooks.ts';
import { type HookSource, hookPath, hookToken, signingToken } from '../receive/hook-secret.ts';
import { findOwners } from './find-owners.ts';
import type { Command } from './parse-command.ts';
import { printJson } from './print-json.ts';
import type { Connected, ExitCode, Program } from './program.ts';
import { outcomeJson, renderOutcome, renderProblems, renderReport, reportJson } from './render-hooks.ts';
import { chooseGitLab, readCliSettings, wantsSignature } from './settings.ts';

type HooksCommand = Extract<Command, { readonly kind: 'hooks' }>;

interface Wanted {
  readonly target: HookTarget;
  /** The collector takes no hook without one. */
  readonly signature: boolean;
}

/** `sideband-collector hooks`. 1: an owner was refused, or has a hook that is not as it should be. */
export async function runHooks(program: Program, command: HooksCommand): Promise<ExitCode> {
  const settings = readCliSettings(program.sources);
  const gitLab = chooseGitLab(settings, command.gitlab);
  const [master = ''] = gitLab.hooks.masters();
  if (settings.publicUrl === undefined) {
    const problem = 'is not set: hooks are sent there, so set it to where GitLab reaches the collector';
    throw new SidebandError('CONFIG_INVALID', { problems: [{ setting: 'SIDEBAND_PUBLIC_URL', problem }] });
  }
  const target: HookTarget = { instance: gitLab.instance, publicUrl: settings.publicUrl, master };
  const wanted: Wanted = { target, signature: wantsSignature(gitLab) };
  const connected = program.connect(gitLab);
  try {
    switch (command.action) {
      case 'secret':
        return await printSecrets(program, connected, target, command);
      case 'verify':
      case 'list':
        return await report(program, connected, wanted, command);
      case 'install':
      case 'remove':
        return await change(program, connected, wanted, command);
    }
  } finally {
    await connected.close();
  }
}

async function change(
  program: Program,
  connected: Connected,
  { target, signature }: Wanted,
  { action, apply, where, json }: HooksCommand,
): Promise<ExitCode> {
  const { admin } = connected;
  const signs = await signsHooks(admin);
  const problems = action === 'install' ? problemsOf(signature, signs) : [];
  if (!json) program.print(renderProblems(problems));
  const owners = await findOwners(connected, where);
  const outcomes: OwnerOutcome[] = [];
  try {
    for (const owner of owners) {
      const outcome =
        action === 'install'
          ? await installHook(admin, target, owner, { apply, signs })
          : await removeHooks(admin, target, owner, { apply });
      outcomes.push(outcome);
      // Said as it happens: an instance may have thousands.
      if (!json) program.print(renderOutcome(outcome, apply));
    }
  } finally {
    // What was done is told also where GitLab goes away in the middle of it.
    const complete = outcomes.length === owners.length;
    if (json) printJson(program, { apply, complete, problems, owners: outcomes.map(outcomeJson) });
  }
  const isIdle = outcomes.every(({ steps }) => steps.every(({ kind }) => kind === 'keep'));
  if (!json && !apply && !isIdle) program.print('Nothing was changed. Do it with --apply.\n');
  return problems.length > 0 || outcomes.some(({ error }) => error !== undefined) ? 1 : 0;
}

async function report(
  program: Program,
  connected: Connected,
  { target, signature }: Wanted,
  { action, where, json }: HooksCommand,
): Promise<ExitCode> {
  const signs = await signsHooks(connected.admin);
  const problems = problemsOf(signature, signs);
  if (!json) program.print(renderProblems(problems));
  const owners = await findOwners(connected, where);
  const reports: OwnerReport[] = [];
  try {
    for (const owner of owners) {
      const found = await verifyHooks(connected.admin, target, owner, signs);
      reports.push(found);
      if (!json) program.print(renderReport(found));
    }
  } finally {
    const complete = reports.length === owners.length;
    if (json) printJson(program, { complete, problems, owners: reports.map(reportJson) });
  }
  const isWell = problems.length === 0 && reports.every(isGood);
  return action === 'verify' && !isWell ? 1 : 0;
}

function isGood({ hooks: [hook, ...more], error }: OwnerReport): boolean {
  return error === undefined && hook?.problems.length === 0 && more.length === 0;
}

/** What is wrong with every hook there is. */
function problemsOf(signature: boolean, signs: boolean): readonly string[] {
  const unmet = unmetRequirement(signature, signs);
  return unmet === undefined ? [] : [unmet];
}

/** The one place where a secret is printed: whoever asks for it is about to paste it into GitLab. */
async function printSecrets(
  program: Program,
  connected: Connected,
  { instance, publicUrl, master }: HookTarget,
  { where, json }: HooksCommand,
): Promise<ExitCode> {
  const owners: HookSource[] = [...(await findOwners(connected, { ...where, instance: false }))];
  if (where.instance) owners.unshift({ kind: 'system' });
  if (where.file) owners.push({ kind: 'file' });
  for (const source of owners) {
    const hook = {
      url: `${publicUrl}${hookPath(instance, source)}`,
      secretToken: hookToken(master, instance, source),
      signingToken: signingToken(master, instance, source),
      description: describeSecret(master),
    };
    if (json) printJson(program, hook);
    else program.print(renderSecrets(hook));
  }
  return 0;
}

function renderSecrets(
  hook: Readonly<Record<'url' | 'secretToken' | 'signingToken' | 'description', string>>,
): string {
  return `URL            ${hook.url}
Secret token   ${hook.secretToken}
Signing token  ${hook.signingToken}
Description    ${hook.description}

`;
}

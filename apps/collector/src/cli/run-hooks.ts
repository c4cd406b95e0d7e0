import { SidebandError } from '@sideband/shared/errors';
import { describeSecret, type HookTarget } from '../onboard/desired-hook.ts';
import { installHook, type OwnerOutcome, removeHooks, signsHooks } from '../onboard/install-hooks.ts';
import { verifyHooks } from '../onboard/verify-hooks.ts';
import { type HookSource, hookPath, hookToken, signingToken } from '../receive/hook-secret.ts';
import { findOwners } from './find-owners.ts';
import type { Command } from './parse-command.ts';
import type { Connected, ExitCode, Program } from './program.ts';
import { outcomeJson, renderOutcome, renderReport, reportJson } from './render-hooks.ts';
import { chooseGitLab, readCliSettings } from './settings.ts';

type HooksCommand = Extract<Command, { readonly kind: 'hooks' }>;

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
  const connected = program.connect(gitLab);
  try {
    switch (command.action) {
      case 'secret':
        return await printSecrets(program, connected, target, command);
      case 'verify':
      case 'list':
        return await report(program, connected, target, command);
      case 'install':
      case 'remove':
        return await change(program, connected, target, command);
    }
  } finally {
    await connected.close();
  }
}

async function change(
  { print }: Program,
  connected: Connected,
  target: HookTarget,
  { action, apply, where, json }: HooksCommand,
): Promise<ExitCode> {
  const { admin } = connected;
  const signs = await signsHooks(admin);
  const outcomes: OwnerOutcome[] = [];
  for (const owner of await findOwners(connected, where)) {
    const outcome =
      action === 'install'
        ? await installHook(admin, target, owner, { apply, signs })
        : await removeHooks(admin, target, owner, { apply });
    outcomes.push(outcome);
    // Said as it happens: an instance may have thousands.
    if (!json) print(renderOutcome(outcome, apply));
  }
  if (json) print(`${JSON.stringify({ apply, owners: outcomes.map(outcomeJson) })}\n`);
  const isIdle = outcomes.every(({ steps }) => steps.every(({ kind }) => kind === 'keep'));
  if (!json && !apply && !isIdle) print('Nothing was changed. Do it with --apply.\n');
  return outcomes.some(({ error }) => error !== undefined) ? 1 : 0;
}

async function report(
  { print }: Program,
  connected: Connected,
  target: HookTarget,
  { action, where, json }: HooksCommand,
): Promise<ExitCode> {
  const signs = await signsHooks(connected.admin);
  const reports = [];
  let bad = 0;
  for (const owner of await findOwners(connected, where)) {
    const found = await verifyHooks(connected.admin, target, owner, signs);
    const isGood = found.hooks.length === 1 && found.hooks[0]?.problems.length === 0;
    if (found.error !== undefined || !isGood) bad += 1;
    reports.push(found);
    if (!json) print(renderReport(found));
  }
  if (json) print(`${JSON.stringify({ owners: reports.map(reportJson) })}\n`);
  return action === 'verify' && bad > 0 ? 1 : 0;
}

/** The one place where a secret is printed: whoever asks for it is about to paste it into GitLab. */
async function printSecrets(
  { print }: Program,
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
    print(
      json
        ? `${JSON.stringify(hook)}\n`
        : `URL            ${hook.url}\nSecret token   ${hook.secretToken}\nSigning token  ${hook.signingToken}\n\n`,
    );
  }
  return 0;
}

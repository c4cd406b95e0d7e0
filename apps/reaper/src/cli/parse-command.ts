import { parseArgs } from 'node:util';
import { quote } from '@sideband/shared/quote';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';

export type Command =
  /** Alone: without Redis, on what this host sees for itself. */
  { readonly kind: 'run'; readonly standalone: boolean } | { readonly kind: 'help' | 'version' };

const OPTIONS = {
  standalone: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** What the words after the program's name ask for; without a command it is `run`. */
export function parseCommand(args: readonly string[]): Result<Command, Refusal> {
  // Not strict: Node's own refusals advise on positionals, which there are none of here.
  const { tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
  const asked = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (!Object.hasOwn(OPTIONS, token.name)) return unusable(`there is no option ${quote(token.rawName)}`);
    if (token.value !== undefined) return unusable(`${token.rawName} takes no value`);
    asked.add(token.name);
  }
  const [command = 'run', ...more] = tokens.flatMap((token) =>
    token.kind === 'positional' ? [token.value] : [],
  );
  if (command !== 'run') return unusable(`there is no command ${quote(command)}`);
  if (more.length > 0) return unusable(`run takes no argument, and there is ${quote(more.join(' '))}`);
  if (asked.has('help')) return ok({ kind: 'help' });
  if (asked.has('version')) return ok({ kind: 'version' });
  return ok({ kind: 'run', standalone: asked.has('standalone') });
}

function unusable(message: string): Result<never, Refusal> {
  return refuse({ reason: 'bad-command', message });
}

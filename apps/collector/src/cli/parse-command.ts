import { parseArgs } from 'node:util';
import { quote } from '@sideband/shared/quote';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';

type HooksAction = 'install' | 'verify' | 'list' | 'remove' | 'secret';

/** Whose hooks: ids or paths as given, not yet looked up. */
export interface Where {
  readonly projects: readonly string[];
  readonly groups: readonly string[];
  readonly instance: boolean;
  readonly file: boolean;
}

export type Command =
  | { readonly kind: 'serve' | 'help' | 'version' }
  | { readonly kind: 'trace'; readonly source: string; readonly json: boolean }
  | {
      readonly kind: 'hooks';
      readonly action: HooksAction;
      readonly where: Where;
      readonly gitlab: string | undefined;
      readonly apply: boolean;
      readonly json: boolean;
    }
  | { readonly kind: 'doctor'; readonly gitlab: string | undefined; readonly json: boolean };

const OPTIONS = {
  json: { type: 'boolean' },
  apply: { type: 'boolean' },
  project: { type: 'string', multiple: true },
  group: { type: 'string', multiple: true },
  instance: { type: 'boolean' },
  file: { type: 'boolean' },
  gitlab: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;
type Option = keyof typeof OPTIONS;

const TAKES: Readonly<Record<string, readonly Option[]>> = {
  serve: [],
  trace: ['json'],
  hooks: ['json', 'apply', 'project', 'group', 'instance', 'file', 'gitlab'],
  doctor: ['json', 'gitlab'],
};
const ACTIONS: readonly string[] = ['install', 'verify', 'list', 'remove', 'secret'] satisfies HooksAction[];

/** What the words after the program's name ask for; without a command it is `serve`. */
export function parseCommand(args: readonly string[]): Result<Command, Refusal> {
  // Not strict: Node's own refusals advise on things that there are none of here.
  const { tokens, values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const [command = 'serve', ...words] = positionals;
  const given = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (!Object.hasOwn(OPTIONS, token.name)) return unusable(`there is no option ${quote(token.rawName)}`);
    const wantsValue = OPTIONS[token.name as Option].type === 'string';
    if (!wantsValue && token.value !== undefined) return unusable(`${token.rawName} takes no value`);
    if (wantsValue && !token.value) return unusable(`${token.rawName} wants a value`);
    given.add(token.name);
  }
  const takes = Object.hasOwn(TAKES, command) ? TAKES[command] : undefined;
  if (takes === undefined) return unusable(`there is no command ${quote(command)}`);
  if (given.has('help')) return ok({ kind: 'help' });
  if (given.has('version')) return ok({ kind: 'version' });
  const extra = [...given].find((name) => !takes.includes(name as Option));
  if (extra !== undefined) return unusable(`${command} has no option --${extra}`);

  const json = values.json === true;
  const gitlab = typeof values.gitlab === 'string' ? values.gitlab : undefined;
  switch (command) {
    case 'trace':
      return parseTrace(words, json);
    case 'hooks': {
      const where = {
        projects: texts(values.project),
        groups: texts(values.group),
        instance: values.instance === true,
        file: values.file === true,
      };
      return parseHooks(words, where, { gitlab, json, apply: values.apply === true });
    }
    case 'doctor':
      return words.length > 0 ? noArgument(command, words) : ok({ kind: 'doctor', gitlab, json });
    default:
      return words.length > 0 ? noArgument(command, words) : ok({ kind: 'serve' });
  }
}

function parseTrace([source, ...more]: readonly string[], json: boolean): Result<Command, Refusal> {
  if (source === undefined) return unusable('trace wants a file, a job’s address, or - for standard input');
  return more.length > 0
    ? unusable(`trace takes one argument, and there is also ${quote(more.join(' '))}`)
    : ok({ kind: 'trace', source, json });
}

function parseHooks(
  [action, ...more]: readonly string[],
  where: Where,
  options: { readonly gitlab: string | undefined; readonly json: boolean; readonly apply: boolean },
): Result<Command, Refusal> {
  if (action === undefined || !ACTIONS.includes(action)) {
    const said = action === undefined ? '' : `, not ${quote(action)}`;
    return unusable(`hooks wants one of ${ACTIONS.join(', ')}${said}`);
  }
  if (more.length > 0) return noArgument(`hooks ${action}`, more);
  const isNowhere = where.projects.length + where.groups.length === 0 && !where.instance && !where.file;
  if (isNowhere) return unusable(`hooks ${action} wants --project, --group or --instance`);
  if (where.file && action !== 'secret')
    return unusable('--file belongs to hooks secret: it is installed by hand');
  if (options.apply && action !== 'install' && action !== 'remove')
    return unusable(`hooks ${action} changes nothing and has no --apply`);
  return ok({ kind: 'hooks', action: action as HooksAction, where, ...options });
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function noArgument(command: string, words: readonly string[]): Result<never, Refusal> {
  return unusable(`${command} takes no argument, and there is ${quote(words.join(' '))}`);
}

function unusable(message: string): Result<never, Refusal> {
  return refuse({ reason: 'bad-command', message });
}

import { type Clock, msLeft } from '@sideband/shared/clock';
import { quote } from '@sideband/shared/quote';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';

/** A secret is handed over only when it is called for: neither JSON nor an inspected configuration shows it. */
export type Secret = () => string;
/** Several that are good at the same time, newest first, while one replaces another. */
export type Secrets = () => readonly string[];

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a text file whole; throws where it cannot. */
export type ReadFile = (path: string) => string;

/**
 * Told when a file that was good before cannot be used any more, and why: the old secret stays. Told again when the
 * reason is another one, and without a message when the file is good again.
 */
export type OnRefused = (setting: string, message: string | undefined) => void;

export interface SecretSources {
  readonly env: Environment;
  readonly readFile: ReadFile;
  readonly clock: Clock;
  readonly onRefused?: OnRefused;
}

/** Whoever writes a new secret into its file sees it in use after this. */
const READ_AGAIN_MS = 5_000;
/** A project's maintainer knows what was derived for the project, and must not find the secret itself by trying. */
const MASTER_LENGTH = 16;

/**
 * The secret of a setting: in the variable itself, or in the file that `<name>_FILE` names, where one line break at
 * its end does not count. A file is read again while the process runs; what cannot be used then changes nothing, and
 * `onRefused` hears of it. `undefined` if neither is set. A refusal never shows the secret.
 */
export function readSecret(sources: SecretSources, name: string): Result<Secret | undefined, Refusal> {
  return fromEither(sources, name, usable);
}

/** The same for secrets that others are derived from: one a line, the newest first, each of 16 characters at least. */
export function readMasters(sources: SecretSources, name: string): Result<Secrets | undefined, Refusal> {
  return fromEither(sources, name, usableMasters);
}

type Reading<T> = (text: string, what: string) => Result<T, Refusal>;

function fromEither<T>(
  sources: SecretSources,
  name: string,
  reading: Reading<T>,
): Result<(() => T) | undefined, Refusal> {
  const direct = sources.env[name];
  const path = sources.env[`${name}_FILE`];
  if (direct && path) return bad('set-twice', `is set, and so is ${name}_FILE: keep one of them`);
  if (path) return fromFile(sources, `${name}_FILE`, path, reading);
  if (!direct) return ok(undefined);
  const secret = reading(direct, 'the value');
  return secret.ok ? ok(() => secret.value) : secret;
}

function fromFile<T>(
  { readFile, clock, onRefused }: SecretSources,
  setting: string,
  path: string,
  reading: Reading<T>,
): Result<() => T, Refusal> {
  function read(): Result<T, Refusal> {
    try {
      return reading(readFile(path).replace(/\r?\n$/, ''), `the text in ${quote(path)}`);
    } catch (error) {
      return bad('unreadable-file', `names a file that cannot be read: ${reasonOf(error)}`);
    }
  }
  const first = read();
  if (!first.ok) return first;
  let known = first.value;
  let problem: string | undefined;
  let readAt: number = clock.now();
  return ok(() => {
    if (msLeft(readAt, READ_AGAIN_MS, clock) > 0) return known;
    readAt = clock.now();
    const again = read();
    if (again.ok) known = again.value;
    const nowProblem = again.ok ? undefined : again.error.message;
    if (nowProblem !== problem) onRefused?.(setting, nowProblem);
    problem = nowProblem;
    return known;
  });
}

function usableMasters(text: string, what: string): Result<readonly string[], Refusal> {
  const masters = text.split(/\r?\n/);
  for (const master of masters) {
    const secret = usable(master, what);
    if (!secret.ok) return secret;
    if (master.length < MASTER_LENGTH)
      return bad(
        'short-secret',
        `${what} has a secret of ${master.length} characters, at least ${MASTER_LENGTH} are needed`,
      );
  }
  return ok(masters);
}

/** A secret travels in HTTP headers, which change or refuse everything else. */
function usable(text: string, what: string): Result<string, Refusal> {
  if (text === '') return bad('empty-secret', `${what} is empty`);
  if (text.length > 1_024)
    return bad('long-secret', `${what} has ${text.length} characters, at most 1024 are taken`);
  if (!/^[\x21-\x7e]+$/.test(text)) {
    return bad('bad-secret', `${what} holds a space, a line break or a character that is not ASCII`);
  }
  return ok(text);
}

/** Only the system's word (`ENOENT`): its sentence repeats the name, where somebody may have put the secret itself. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'no reason is given';
}

function bad(reason: string, message: string): Result<never, Refusal> {
  return refuse({ reason, message });
}

import { errorText } from '@sideband/shared/errors';
import { quote } from '@sideband/shared/quote';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';

/** A secret is handed over only when it is called for: neither JSON nor an inspected configuration shows it. */
export type Secret = () => string;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a text file whole; throws where it cannot. */
export type ReadFile = (path: string) => string;

/**
 * The secret of a setting: in the variable itself, or in the file that `<name>_FILE` names, where one line break at
 * its end does not count. `undefined` if neither is set. A refusal never shows the secret.
 */
export function readSecret(
  env: Environment,
  readFile: ReadFile,
  name: string,
): Result<Secret | undefined, Refusal> {
  const direct = env[name];
  const path = env[`${name}_FILE`];
  if (direct && path) return bad('set-twice', `is set, and so is ${name}_FILE: keep one of them`);
  if (path) return readSecretFile(readFile, path);
  return direct ? usable(direct, 'the value') : ok(undefined);
}

function readSecretFile(readFile: ReadFile, path: string): Result<Secret, Refusal> {
  try {
    return usable(readFile(path).replace(/\r?\n$/, ''), `the text in ${quote(path)}`);
  } catch (error) {
    return bad('unreadable-file', `names a file that cannot be read: ${quote(errorText(error))}`);
  }
}

/** A secret travels in HTTP headers, which change or refuse everything else. */
function usable(text: string, what: string): Result<Secret, Refusal> {
  if (text === '') return bad('empty-secret', `${what} is empty`);
  if (text.length > 1_024)
    return bad('long-secret', `${what} has ${text.length} characters, at most 1024 are taken`);
  if (!/^[\x21-\x7e]+$/.test(text)) {
    return bad('bad-secret', `${what} holds a space, a line break or a character that is not ASCII`);
  }
  return ok(() => text);
}

function bad(reason: string, message: string): Result<never, Refusal> {
  return refuse({ reason, message });
}

import { readFile } from 'node:fs/promises';
import { errorText, SidebandError } from '@sideband/shared/errors';
import { parsePolicy } from './plan/parse-policy.ts';
import type { Policy } from './plan/policy.ts';

/** The operator's policy; without a file the built-in one, which observes. Throws `POLICY_INVALID`. */
export async function readPolicy(file: string | undefined): Promise<Policy> {
  if (file === undefined) return parsePolicy('', 'built-in policy');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new SidebandError(
      'POLICY_INVALID',
      { problems: [`${file}: ${errorText(error)}`] },
      { cause: error },
    );
  }
  return parsePolicy(text, file);
}

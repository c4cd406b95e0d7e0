import type { Program } from './program.ts';

/**
 * Prints the value as JSON on a line of its own. What strangers wrote cannot move the cursor or turn the text round on
 * a terminal: JSON itself escapes only the control characters below U+0020.
 */
export function printJson({ print }: Pick<Program, 'print'>, value: unknown): void {
  const text = JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  print(`${text}\n`);
}

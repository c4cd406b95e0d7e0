export function missingFor(
  step: string,
  isThere: (command: string) => boolean,
): { commands: string[]; packages: string[] };
export function rootPrefix(user: {
  isRoot: boolean;
  hasApt: boolean;
  mayDoAnything: () => boolean;
}): string[] | undefined;
export function installCommand(packages: readonly string[]): string;
export function isNewEnough(version: string, least: string): boolean;

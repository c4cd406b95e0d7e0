import { IMPORT_RULES, isTest } from './room-rules.ts';
import { scanImports } from './scan-imports.ts';

const NEW_REDIS = /\bnew Redis(?:\.Cluster)?\(/g;

/** One line for each import that breaks a rule: `file:line: what and why`. `files` maps paths from the root to texts. */
export function findViolations(files: ReadonlyMap<string, string>): readonly string[] {
  return [...files].flatMap(([file, text]) => [
    ...forbiddenImports(file, text),
    ...ownRedisClients(file, text),
  ]);
}

function forbiddenImports(file: string, text: string): readonly string[] {
  return scanImports(file, text).flatMap((target) =>
    IMPORT_RULES.map((rule) => rule(file, target))
      .filter((wrong) => wrong !== undefined)
      .map((wrong) => `${file}:${target.line}: ${wrong}`),
  );
}

function ownRedisClients(file: string, text: string): readonly string[] {
  if (isTest(file) || file.startsWith('infra/') || file === 'libs/shared/src/redis.ts') return [];
  return [...text.matchAll(NEW_REDIS)].map(({ index }) => {
    const line = text.slice(0, index).split('\n').length;
    return `${file}:${line}: a Redis client of its own: connectRedis in libs/shared makes them all alike`;
  });
}

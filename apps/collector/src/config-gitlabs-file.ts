import { ok, type Result, refuse } from '@sideband/shared/result';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Problem } from './config-problem.ts';
import type { Environment } from './config-secret.ts';

/** One GitLab of the file, said as the environment would say it. */
export interface GitLabEntry {
  readonly env: Environment;
  /** Where a setting stands: `gitlabs.yaml:4: gitlabs[1].tokenFile`. */
  where(setting: string): string;
}

const KEYS: Readonly<Record<string, string>> = {
  url: 'SIDEBAND_GITLAB_URL',
  name: 'SIDEBAND_GITLAB_NAME',
  tokenFile: 'SIDEBAND_GITLAB_TOKEN_FILE',
  caFile: 'SIDEBAND_GITLAB_CA_FILE',
  proxyFile: 'SIDEBAND_GITLAB_PROXY_FILE',
  requestsPerMinute: 'SIDEBAND_GITLAB_REQUESTS_PER_MINUTE',
  hookSecretFile: 'SIDEBAND_HOOK_SECRET_FILE',
  hookRequire: 'SIDEBAND_HOOK_REQUIRE',
  hookAllow: 'SIDEBAND_HOOK_ALLOW',
};

/** Reads the YAML file that names several GitLabs; what is wrong is told with its line. */
export function readGitLabsFile(
  text: string,
  file: string,
): Result<readonly GitLabEntry[], readonly Problem[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (node: Node | null | undefined): string =>
    `${file}:${node?.range ? lines.linePos(node.range[0]).line : 1}`;
  const wrong = (node: Node | null | undefined, problem: string): Problem => ({ setting: at(node), problem });
  const broken = document.errors.map((error) => ({
    setting: `${file}:${lines.linePos(error.pos[0]).line}`,
    problem: error.message.split('\n', 1)[0] ?? '',
  }));
  if (broken.length > 0) return refuse(broken);

  const root = document.contents;
  const list = isMap(root) && root.items.length === 1 ? root.get('gitlabs', true) : undefined;
  if (!isSeq(list) || list.items.length === 0) {
    return refuse([wrong(root, 'expected one key, `gitlabs`, with a list of GitLabs')]);
  }
  const problems: Problem[] = [];
  const entries = list.items.map((item, index): GitLabEntry => {
    const env: Record<string, string> = {};
    const places: Record<string, string> = {};
    if (!isMap(item)) problems.push(wrong(item as Node, `gitlabs[${index}] is no map of settings`));
    for (const { key, value } of isMap(item) ? item.items : []) {
      const name = isScalar(key) ? String(key.value) : '';
      const setting = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
      const text = textOf(value);
      if (setting === undefined) {
        problems.push(
          wrong(key as Node, `gitlabs[${index}]: ${JSON.stringify(name)} is no setting of a GitLab`),
        );
      } else if (text === undefined) {
        problems.push(wrong(key as Node, `gitlabs[${index}].${name}: expected a text`));
      } else {
        env[setting] = text;
        places[setting] = `${at(key as Node)}: gitlabs[${index}].${name}`;
      }
    }
    const here = `${at(item as Node)}: gitlabs[${index}]`;
    return {
      env,
      where: (setting) => places[setting] ?? places[`${setting}_FILE`] ?? `${here}.${keyOf(setting)}`,
    };
  });
  return problems.length > 0 ? refuse(problems) : ok(entries);
}

function textOf(value: unknown): string | undefined {
  if (isSeq(value)) {
    const texts = value.items.map(textOf);
    return texts.every((text) => text !== undefined) ? texts.join(',') : undefined;
  }
  if (!isScalar(value)) return undefined;
  return typeof value.value === 'string' || typeof value.value === 'number' ? String(value.value) : undefined;
}

function keyOf(setting: string): string {
  const found = Object.entries(KEYS).find(([, name]) => name === setting || name === `${setting}_FILE`);
  return found?.[0] ?? setting;
}

/**
 * A maintainer's own body: GitLab's `custom_webhook_template`, with `{{build_name}}` and `{{project.id}}` filled in, or
 * anything a test wants sent.
 */
export type HookTemplate = string | ((payload: unknown) => unknown);

/** The body to send. Throws where a text with its fields filled in is no JSON, which GitLab counts as a failure. */
export function renderBody(template: HookTemplate | undefined, payload: unknown): string {
  if (template === undefined) return JSON.stringify(payload);
  if (typeof template === 'function') return JSON.stringify(template(payload));
  const text = template.replaceAll(/\{\{(.+?)\}\}/g, (_, path: string) => textOf(dig(payload, path)));
  return JSON.stringify(JSON.parse(text));
}

function dig(payload: unknown, path: string): unknown {
  let value = payload;
  for (const name of path.split('.')) {
    if (Array.isArray(value)) throw new Error('A template cannot look into an array');
    value = (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  }
  return value;
}

/** What is text goes between the template's own quotes. */
function textOf(value: unknown): string {
  const json = JSON.stringify(value ?? null);
  return typeof value === 'string' ? json.slice(1, -1) : json;
}

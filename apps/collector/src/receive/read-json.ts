import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The JSON object in a body. Says what is wrong and where, and quotes nothing of it. */
export function readJsonObject(body: Buffer): Result<JsonObject, Refusal> {
  if (body.byteLength === 0) return bad('bad-json', 'the body is empty, expected JSON');
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch (error) {
    return bad('bad-json', `the body of ${body.byteLength} bytes is no JSON${where(error)}`);
  }
  return isRecord(json) ? ok(json) : bad('bad-shape', `the body is ${kindOf(json)}, expected an object`);
}

export function badField(field: string, problem: string): Result<never, Refusal> {
  return bad('bad-field', `${field}: ${problem}`);
}

/** An id in a field. Only a number is handed on: not every JSON value can be shown as a text. */
export function readId<T>(
  field: string,
  value: unknown,
  parse: (value: number) => Result<T, Refusal>,
): Result<T, Refusal> {
  if (typeof value !== 'number') return badField(field, `is ${kindOf(value)}, expected a number`);
  const id = parse(value);
  return id.ok ? id : badField(field, id.error.message);
}

export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

export function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** V8 says where for some faults only, and quotes the text in others: only the position is passed on. */
function where(error: unknown): string {
  const message = error instanceof SyntaxError ? error.message : '';
  if (/^Unexpected end|^Unterminated/.test(message)) return ': it breaks off before its end';
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined ? '' : `: the fault is at character ${position}`;
}

function bad(reason: string, message: string): Result<never, Refusal> {
  return refuse({ reason, message });
}

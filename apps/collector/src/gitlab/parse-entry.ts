import { parseSystemId, type SystemId } from '@sideband/shared/names';
import { ok, type Refusal, type Result, refuse } from '@sideband/shared/result';

/** Reads the `id` of a project, group or runner. The refusal does not repeat what it was. */
export function parseIdOf<T>(raw: unknown, parseId: (id: unknown) => Result<T, Refusal>): Result<T, Refusal> {
  const id = parseId(field(raw, 'id'));
  return id.ok ? id : refuse({ reason: 'bad-id', message: 'id: expected a positive integer' });
}

/** Reads the `system_id` of a runner manager. The refusal does not repeat what it was. */
export function parseManager(raw: unknown): Result<SystemId, Refusal> {
  const text = field(raw, 'system_id');
  const systemId = typeof text === 'string' ? parseSystemId(text) : undefined;
  return systemId?.ok
    ? ok(systemId.value)
    : refuse({ reason: 'bad-system-id', message: 'system_id: expected s_ or r_ and 12 letters or digits' });
}

function field(raw: unknown, name: string): unknown {
  return typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>)[name] : undefined;
}

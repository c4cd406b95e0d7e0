/** Parsing answers with a `Result`: bad input is expected there, so it is a value and not an exception. */
export type Result<T, E> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function refuse<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** What was wrong with a piece of text, and which forms would have been accepted. */
export interface Refusal {
  /** Stable, kebab-case: for tests, counters and documents. */
  readonly reason: string;
  /** One sentence for a person; quotes the input shortened and with control characters escaped. */
  readonly message: string;
}

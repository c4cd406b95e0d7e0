import { errorText, SidebandError } from '@sideband/shared/errors';

/** An error for a person at a terminal: what, where, what to do. Never a stack, never what hangs on it. */
export function explainError(error: unknown): string {
  if (!(error instanceof SidebandError)) return errorText(error);
  const { code, message, remedy, details } = error;
  const lines = Object.entries(details).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map(describeProblem) : [`${name}: ${String(value)}`],
  );
  return [`${code}: ${message}`, ...lines.map((line) => `  ${line}`), remedy].join('\n');
}

function describeProblem(problem: unknown): string {
  return typeof problem === 'object' && problem !== null
    ? Object.values(problem).map(String).join(': ')
    : String(problem);
}

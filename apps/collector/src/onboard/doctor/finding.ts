/** One thing that was looked at. */
export interface Finding {
  /** Kebab-case, stable: `token-scopes`. */
  readonly check: string;
  /** `warning`: it works, and costs something; `problem`: it does not work. */
  readonly level: 'ok' | 'warning' | 'problem';
  /** One sentence; foreign text in it is quoted. */
  readonly text: string;
  /** What that costs, or what to do. */
  readonly advice?: string;
}

export function fine(check: string, text: string): Finding {
  return { check, level: 'ok', text };
}

export function warning(check: string, text: string, advice: string): Finding {
  return { check, level: 'warning', text, advice };
}

export function problem(check: string, text: string, advice: string): Finding {
  return { check, level: 'problem', text, advice };
}

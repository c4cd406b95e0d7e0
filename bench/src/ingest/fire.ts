import autocannon, { type Request } from 'autocannon';
import type { MadeHook } from './make-hooks.ts';

export interface Fired {
  /** Answered with 202. */
  readonly accepted: number;
  /** Answered otherwise, or not at all. */
  readonly others: number;
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
}

interface FireOptions {
  readonly connections: number;
  readonly seconds: number;
  readonly next: () => MadeHook;
}

/** As many hooks as the server answers: each connection sends its next one when its last was answered. */
export function fire(url: string, { connections, seconds, next }: FireOptions): Promise<Fired> {
  const latenciesMs: number[] = [];
  let accepted = 0;
  let others = 0;
  const setupRequest = (request: Request): Request => ({ ...request, ...next(), method: 'POST' });
  return new Promise((resolve, reject) => {
    const options = { url, connections, duration: seconds, requests: [{ setupRequest }] };
    const run = autocannon(options, (error, result) => {
      if (error) return reject(error);
      others += result.errors;
      resolve({ accepted, others, seconds: result.duration, latenciesMs });
    });
    run.on('response', (_client, status, _bytes, ms) => {
      latenciesMs.push(ms);
      if (status === 202) accepted += 1;
      else others += 1;
    });
  });
}

import type { Clock, Millis } from '@sideband/shared/clock';
import type { FastifyRequest } from 'fastify';

/** One request that reached the stand-in, in the order of arrival. */
export interface RequestRecord {
  /** When it arrived. */
  readonly at: Millis;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** `/api/v4/projects/:id/jobs`; empty where there is no such endpoint. */
  readonly route: string;
  /** Undefined until it is answered. */
  readonly status: number | undefined;
  /** Of a trace: what was handed to the connection; a reader that stops early keeps it low. */
  readonly traceBytes: number;
}

/** The log of what was asked. */
export class Requests {
  readonly #all: RequestRecord[] = [];
  readonly #index = new WeakMap<FastifyRequest, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  arrived(request: FastifyRequest): void {
    const { method, url } = request;
    this.#index.set(request, this.#all.length);
    const route = request.routeOptions.url ?? '';
    const at = this.#clock.now();
    this.#all.push({ at, method, path: url, route, status: undefined, traceBytes: 0 });
  }

  answered(request: FastifyRequest, status: number): void {
    this.#change(request, (record) => ({ ...record, status }));
  }

  sentTrace(request: FastifyRequest, bytes: number): void {
    this.#change(request, (record) => ({ ...record, traceBytes: record.traceBytes + bytes }));
  }

  all(): readonly RequestRecord[] {
    return [...this.#all];
  }

  /** How many requests this endpoint got: `/projects/:id/jobs/:job_id/trace`. */
  count(route: string): number {
    return this.#all.filter((record) => record.route === `/api/v4${route}`).length;
  }

  #change(request: FastifyRequest, change: (record: RequestRecord) => RequestRecord): void {
    const index = this.#index.get(request);
    const record = index === undefined ? undefined : this.#all[index];
    if (index !== undefined && record !== undefined) this.#all[index] = change(record);
  }
}

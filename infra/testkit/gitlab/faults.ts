import type { JobId } from '@sideband/shared/names';

/** An answer that a test wants instead of the right one. */
export interface Answer {
  readonly status: 429 | 500 | 502 | 503;
  /** With 429: `Retry-After`, in seconds; 60 unless told. */
  readonly retryAfter?: number;
  /** Only requests whose path (without the query) contains this. */
  readonly path?: string;
}

/** What goes wrong, switched on and off by a test. */
export class Faults {
  #answers: { left: number; readonly answer: Answer }[] = [];
  #hangs = 0;
  #slownessMs = 0;
  readonly #withoutTrace = new Set<number>();
  readonly #padding = new Map<number, number>();

  /** The next `count` requests get this answer. */
  answerNext(count: number, answer: Answer): void {
    this.#answers.push({ left: count, answer });
  }

  /** The next `count` requests are never answered; their connections stay open until the client or `stop` ends them. */
  hangNext(count: number): void {
    this.#hangs = count;
  }

  /** From now on every answer takes so much longer; 0 ends it. */
  slowDown(milliseconds: number): void {
    this.#slownessMs = milliseconds;
  }

  /** This job's trace is a 404 from now on, as when object storage lost it. */
  loseTrace(job: JobId): void {
    this.#withoutTrace.add(job);
  }

  /** This job's trace goes on for so many bytes after what was written. */
  padTrace(job: JobId, bytes: number): void {
    this.#padding.set(job, bytes);
  }

  get slownessMs(): number {
    return this.#slownessMs;
  }

  hasLostTrace(job: JobId): boolean {
    return this.#withoutTrace.has(job);
  }

  paddingOf(job: JobId): number {
    return this.#padding.get(job) ?? 0;
  }

  /** Takes what the request at this path is to get instead of its answer. */
  take(path: string): Answer | 'hang' | undefined {
    if (this.#hangs > 0) {
      this.#hangs -= 1;
      return 'hang';
    }
    const found = this.#answers.find(({ answer }) => path.includes(answer.path ?? ''));
    if (found === undefined) return undefined;
    found.left -= 1;
    this.#answers = this.#answers.filter(({ left }) => left > 0);
    return found.answer;
  }
}

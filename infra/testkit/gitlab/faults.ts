import type { Compression } from './trace-body.ts';

/** An answer that a test wants instead of the right one. */
export interface Answer {
  readonly status: 429 | 500 | 502 | 503;
  /** With 429: `Retry-After`, in seconds; 60 unless told. */
  readonly retryAfter?: number;
  /** Only requests whose path (without the query) contains this. */
  readonly path?: string;
}

/** What goes wrong or is unusual, switched on and off by a test. */
export class Faults {
  #answers: { left: number; readonly answer: Answer }[] = [];
  #hangs = 0;
  #slownessMs = 0;
  #honoursRange = false;
  #compression: Compression | undefined;
  #linkOrigin: string | undefined;
  readonly #redirects = new Map<string, string>();
  readonly #withoutTrace = new Set<number>();
  readonly #refusedTraces = new Set<number>();
  readonly #refusedConfigurations = new Set<number>();
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
  loseTrace(job: number): void {
    this.#withoutTrace.add(job);
  }

  /** This job's trace goes on for so many bytes after what was written. */
  padTrace(job: number, bytes: number): void {
    this.#padding.set(job, bytes);
  }

  /** No token may read the traces of this project (403), as where only developers may; `false` ends it. */
  refuseTraces(project: number, refused = true): void {
    change(this.#refusedTraces, project, refused);
  }

  /** No token may read the code of this project, so its CI configuration is a 403; `false` ends it. */
  refuseConfiguration(project: number, refused = true): void {
    change(this.#refusedConfigurations, project, refused);
  }

  /** Whether a trace's `Range` is honoured, as by an object storage behind the API; GitLab's own does not. */
  honourRange(honoured: boolean): void {
    this.#honoursRange = honoured;
  }

  /** Traces are compressed for those who accept it, as by a proxy before GitLab; undefined ends it. */
  compressTraces(compression: Compression | undefined): void {
    this.#compression = compression;
  }

  /** `Link` headers name this origin (`http://other.example`) from now on; undefined ends it. */
  misleadLinks(origin: string | undefined): void {
    this.#linkOrigin = origin;
  }

  /** Requests whose path (without the query) contains this are sent elsewhere (302); undefined ends it. */
  redirect(path: string, location: string | undefined): void {
    if (location === undefined) this.#redirects.delete(path);
    else this.#redirects.set(path, location);
  }

  get slownessMs(): number {
    return this.#slownessMs;
  }

  get honoursRange(): boolean {
    return this.#honoursRange;
  }

  get traceCompression(): Compression | undefined {
    return this.#compression;
  }

  get linkOrigin(): string | undefined {
    return this.#linkOrigin;
  }

  hasLostTrace(job: number): boolean {
    return this.#withoutTrace.has(job);
  }

  refusesTraces(project: number): boolean {
    return this.#refusedTraces.has(project);
  }

  refusesConfiguration(project: number): boolean {
    return this.#refusedConfigurations.has(project);
  }

  paddingOf(job: number): number {
    return this.#padding.get(job) ?? 0;
  }

  redirectOf(path: string): string | undefined {
    return [...this.#redirects].find(([part]) => path.includes(part))?.[1];
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

function change(set: Set<number>, item: number, isIn: boolean): void {
  if (isIn) set.add(item);
  else set.delete(item);
}

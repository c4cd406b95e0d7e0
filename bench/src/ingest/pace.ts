import { setTimeout as sleep } from 'node:timers/promises';

/** What became of one hook: the answer's status, 0 without one, and how long it took. */
export interface Answered {
  readonly status: number;
  readonly ms: number;
}

interface PaceOptions {
  /** Resolves with the answer's status. */
  readonly send: () => Promise<number>;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Sends evenly, whether or not the ones before are answered; resolves with all answers. */
export async function pace({ send, perSecond, seconds }: PaceOptions): Promise<readonly Answered[]> {
  const begunAt = performance.now();
  const answers: Promise<Answered>[] = [];
  for (let sent = 0; sent < perSecond * seconds; sent += 1) {
    const dueInMs = begunAt + (sent * 1_000) / perSecond - performance.now();
    if (dueInMs > 0) await sleep(dueInMs);
    answers.push(timed(send));
  }
  return Promise.all(answers);
}

async function timed(send: () => Promise<number>): Promise<Answered> {
  const sentAt = performance.now();
  const status = await send().catch(() => 0);
  return { status, ms: performance.now() - sentAt };
}

import type { HookEvent, HookSender, Message } from './hook-sender.ts';
import type { HookTarget, HookTraffic } from './hook-target.ts';
import { uuid } from './uuid.ts';

// As many as anybody would press "Resend" for.
const REMEMBERED = 1_000;

/** How the deliveries fared. A duplicate counts as a delivery of its own. */
export interface HookCounts {
  readonly sent: number;
  readonly duplicated: number;
  readonly lost: number;
  /** Not sent because the hook was paused, disabled or gone by then. */
  readonly withheld: number;
  /** By HTTP status. */
  readonly answered: Readonly<Record<number, number>>;
  /** No answer within 10 s, no connection, or no body to send. */
  readonly unanswered: number;
}

/** Where to send it, asked when the time has come; undefined where it is not to be sent any more. */
export type Whither = () => HookTarget | undefined;

interface Delivery {
  readonly whither: Whither;
  readonly message: Message;
}

/** Sends hooks as GitLab's Sidekiq does: some time later, in any order, sometimes twice, never again after a failure. */
export class Deliveries {
  readonly #sender: HookSender;
  readonly #random: () => number;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #answered: Record<number, number> = {};
  readonly #newest: Delivery[] = [];
  #held: Delivery[] | undefined;
  readonly #counts = { sent: 0, duplicated: 0, lost: 0, withheld: 0, unanswered: 0 };
  #underWay = 0;
  #waiting: (() => void)[] = [];

  constructor(sender: HookSender, random: () => number) {
    this.#sender = sender;
    this.#random = random;
  }

  /** All that is random is drawn here, so equal transitions and an equal `random` give equal deliveries. */
  send(event: HookEvent, traffic: HookTraffic, whither: Whither): void {
    if (this.#random() < (traffic.loseShare ?? 0)) {
      this.#counts.lost += 1;
      return;
    }
    const twice = this.#random() < (traffic.duplicateShare ?? 0);
    if (twice) this.#counts.duplicated += 1;
    const identity = { key: uuid(this.#random), eventUuid: uuid(this.#random) };
    const { min, max } = traffic.delayMs ?? { min: 0, max: 50 };
    for (let copy = 0; copy < (twice ? 2 : 1); copy += 1) {
      const message = { event, ...identity, requestUuid: uuid(this.#random) };
      this.#schedule({ whither, message }, min + this.#random() * (max - min));
    }
  }

  /** From now on nothing leaves, as while Sidekiq's queue is stuck; `settled` waits for none of it. */
  hold(): void {
    this.#held ??= [];
  }

  /** Sends what was held back, each once the one before was answered, and the rest as ever. */
  async release(order: 'forwards' | 'backwards'): Promise<void> {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const delivery of order === 'forwards' ? held : held.toReversed()) await this.#send(delivery);
  }

  /** Sends the newest `count` that were sent once more, at once. */
  resend(count: number): void {
    for (const { whither, message } of this.#newest.slice(-count)) {
      this.#schedule({ whither, message: { ...message, requestUuid: uuid(this.#random) } }, 0);
    }
  }

  /** Sends one now, whatever the hook's health. The answer's status; undefined without one. */
  async sendNow(target: HookTarget, event: HookEvent, key = uuid(this.#random)): Promise<number | undefined> {
    const message = { event, key, eventUuid: uuid(this.#random), requestUuid: uuid(this.#random) };
    return this.#deliver(target, message);
  }

  /** What `settled` waits for as well. GitLab only logs what is thrown by it. */
  accompany(work: () => Promise<void>): void {
    this.#underWay += 1;
    void work()
      .catch(() => undefined)
      .finally(() => this.#done());
  }

  counts(): HookCounts {
    return { ...this.#counts, answered: { ...this.#answered } };
  }

  withhold(): void {
    this.#counts.withheld += 1;
  }

  /** Resolves when nothing is scheduled or under way. */
  settled(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Drops what is scheduled and cuts what is under way. */
  close(): void {
    for (const timer of this.#timers) {
      clearTimeout(timer);
      this.#done();
    }
    this.#timers.clear();
    this.#sender.close();
  }

  #schedule(delivery: Delivery, delayMs: number): void {
    if (this.#held !== undefined) {
      this.#held.push(delivery);
      return;
    }
    this.#underWay += 1;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#send(delivery).finally(() => this.#done());
    }, delayMs);
    this.#timers.add(timer);
  }

  async #send(delivery: Delivery): Promise<void> {
    const target = delivery.whither();
    if (target === undefined) return this.withhold();
    this.#newest.push(delivery);
    if (this.#newest.length > REMEMBERED) this.#newest.shift();
    await this.#deliver(target, delivery.message);
  }

  async #deliver(target: HookTarget, message: Message): Promise<number | undefined> {
    this.#counts.sent += 1;
    const status = await this.#sender.send(target, message);
    if (status === undefined) this.#counts.unanswered += 1;
    else this.#answered[status] = (this.#answered[status] ?? 0) + 1;
    return status;
  }

  #done(): void {
    this.#underWay -= 1;
    if (this.#underWay > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

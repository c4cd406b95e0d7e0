/** Waits for so long, or until the signal is given: `setTimeout` of `node:timers/promises` is one. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<unknown>;

/** The time that a poll takes because nothing is urgent. It is over when something is, or the collector closes. */
export interface Leisure {
  /** At once when the leisure is over, also if that happens meanwhile. */
  pause(milliseconds: number): Promise<void>;
  isOver(): boolean;
  end(): void;
}

export function createLeisure(wait: Wait, closing: AbortSignal): Leisure {
  const controller = new AbortController();
  const end = (): void => {
    closing.removeEventListener('abort', end);
    controller.abort();
  };
  closing.addEventListener('abort', end);
  if (closing.aborted) end();
  return {
    async pause(milliseconds) {
      if (milliseconds <= 0 || controller.signal.aborted) return;
      // It rejects when the signal is given, and for no other reason.
      await wait(milliseconds, controller.signal).catch(() => undefined);
    },
    isOver: () => controller.signal.aborted,
    end,
  };
}

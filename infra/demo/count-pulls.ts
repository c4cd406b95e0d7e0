import type { RunnerEngine } from '../testkit/runner/engine.ts';

/**
 * Jobs that begin together ask for the same image together; the engine pulls it once and lets them all wait.
 * So is it counted: `onPulled` once for each pull that succeeded.
 */
export function countPulls(engine: RunnerEngine, onPulled: (reference: string) => void): RunnerEngine {
  const underWay = new Map<string, Promise<void>>();
  const pull = async (reference: string): Promise<void> => {
    await engine.pull(reference);
    onPulled(reference);
  };
  return {
    ...engine,
    pull: (reference) => {
      const shared = underWay.get(reference) ?? pull(reference).finally(() => underWay.delete(reference));
      underWay.set(reference, shared);
      return shared;
    },
  };
}

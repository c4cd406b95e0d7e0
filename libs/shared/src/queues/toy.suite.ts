import * as z from 'zod/mini';
import { defineQueue } from './define.ts';

/** A queue for tests: it divides. */
export const toyQueue = defineQueue('toy', {
  divide: {
    payload: z.object({ dividend: z.number(), divisor: z.number() }),
    result: z.object({ quotient: z.number() }),
    attempts: 3,
    backoffMs: 20,
  },
  once: { payload: z.object({}), result: z.object({ attempt: z.number() }), attempts: 1, backoffMs: 0 },
});

export const TOY_PREFIX = '{sb:toy}';

import { expect, test } from 'vitest';
import { type Batch, createDelivery } from './delivery.ts';
import { aJob, aUse, seen } from './evidence.suite.ts';

/** A Redis that takes what it is sent when `answer` says so, and a timer that runs out when told. */
function aDelivery() {
  const sent: number[][] = [];
  const answers: ((taken: boolean) => void)[] = [];
  const timers: (() => void)[] = [];
  const delivery = createDelivery(
    ({ uses }) => {
      sent.push(uses.map((use) => use.job?.job ?? 0));
      return new Promise((answer) => answers.push(answer));
    },
    (run) => {
      timers.push(run);
      return () => void timers.splice(timers.indexOf(run), 1);
    },
  );
  const settle = async (): Promise<void> => void (await new Promise((done) => setImmediate(done)));
  const answer = (taken: boolean): Promise<void> => {
    answers.shift()?.(taken);
    return settle();
  };
  const secondPasses = (): Promise<void> => {
    timers.shift()?.();
    return settle();
  };
  return { ...delivery, sent, timers, answer, secondPasses, settle };
}

function uses(...jobs: readonly number[]): Batch {
  return seen({ uses: jobs.map((job) => aUse({ job: aJob(job) })) });
}

test('the first goes at once, those of the following second together after it', async () => {
  const { add, answer, secondPasses, settle, sent, timers } = aDelivery();
  add(uses(1));
  await settle();
  expect(sent).toEqual([[1]]);
  await answer(true);
  add(uses(2));
  add(uses(3));
  await settle();
  expect(sent).toEqual([[1]]);
  await secondPasses();
  expect(sent).toEqual([[1], [2, 3]]);
  await answer(true);
  await secondPasses();
  expect(timers).toEqual([]);
  add(uses(4));
  await settle();
  expect(sent).toEqual([[1], [2, 3], [4]]);
});

test('what was not taken goes again with what came after it, in order, and one delivery at a time', async () => {
  const { add, answer, secondPasses, settle, sent } = aDelivery();
  add(uses(1));
  add(uses(2));
  await settle();
  add(uses(3));
  await secondPasses();
  expect(sent).toEqual([[1, 2]]);
  await answer(false);
  expect(sent).toEqual([
    [1, 2],
    [1, 2, 3],
  ]);
  await answer(false);
  await secondPasses();
  expect(sent.slice(2)).toEqual([[1, 2, 3]]);
});

test('nothing new is needed for another attempt', async () => {
  const { add, answer, secondPasses, settle, sent } = aDelivery();
  add(uses(1));
  await settle();
  await secondPasses();
  await answer(false);
  await secondPasses();
  expect(sent).toEqual([[1], [1]]);
});

test('the newest 5,000 wait', async () => {
  const { add, answer, secondPasses, settle, sent } = aDelivery();
  add(uses(1));
  await settle();
  for (let job = 2; job <= 5_002; job += 1) add(uses(job));
  await answer(false);
  await secondPasses();
  expect([sent[1]?.length, sent[1]?.[0], sent[1]?.at(-1)]).toEqual([5_000, 3, 5_002]);
});

test('stopped it sends only what it is told to', async () => {
  const { add, answer, stop, flush, settle, sent, timers } = aDelivery();
  add(uses(1));
  await settle();
  await answer(true);
  stop();
  add(uses(2));
  await settle();
  expect([sent, timers]).toEqual([[[1]], []]);
  const flushed = flush();
  await settle();
  await answer(true);
  await flushed;
  expect(sent).toEqual([[1], [2]]);
});

test('nothing is no delivery', async () => {
  const { add, flush, sent, timers } = aDelivery();
  add(seen());
  await flush();
  expect([sent, timers]).toEqual([[], []]);
});

import { expect, test } from 'vitest';
import type { Budget } from './budget.ts';

export interface BudgetCase {
  /** A budget of one GitLab; asked twice for the same name it is the same budget. */
  open(instance: string, requestsPerMinute: number): Budget;
  /** Lets the budgets' time pass. */
  pass(milliseconds: number): Promise<void>;
}

/** What every budget does. Real time may pass meanwhile: up to a second per test changes nothing. */
export function describeBudget(budgets: () => BudgetCase): void {
  test('gives a tenth of a minute’s permits at once, then says how long to wait', async () => {
    const budget = budgets().open('burst', 30);
    expect([await budget.take(), await budget.take(), await budget.take()]).toEqual([0, 0, 0]);
    const wait = await budget.take();
    expect(wait).toBeGreaterThan(1_000);
    expect(wait).toBeLessThanOrEqual(2_000);
  });

  test('a refusal costs nothing, and after the wait there is a permit', async () => {
    const budget = budgets().open('refill', 300);
    while ((await budget.take()) === 0);
    await budget.take();
    const wait = await budget.take();
    expect(wait).toBeLessThanOrEqual(200);
    await budgets().pass(wait);
    expect(await budget.take()).toBe(0);
  });

  test('the smallest budget has one permit', async () => {
    const budget = budgets().open('small', 1);
    expect(await budget.left()).toBe(1);
    expect(await budget.take()).toBe(0);
    expect(await budget.left()).toBe(0);
    expect(await budget.take()).toBeGreaterThan(59_000);
  });

  test('while it is held nobody gets a permit, and a shorter hold shortens nothing', async () => {
    const budget = budgets().open('held', 6_000);
    await budget.hold(60_000);
    await budget.hold(1_000);
    const wait = await budget.take();
    expect(wait).toBeGreaterThan(59_000);
    expect(wait).toBeLessThanOrEqual(60_000);
    expect(await budget.left()).toBe(0);
  });

  test('after the hold there are as many permits as before', async () => {
    const budget = budgets().open('released', 30);
    await budget.take();
    await budget.hold(150);
    await budgets().pass(await budget.take());
    expect(await budget.left()).toBe(2);
    expect(await budget.take()).toBe(0);
  });

  test('what is left counts down', async () => {
    const budget = budgets().open('left', 30);
    const left: number[] = [];
    for (let taken = 0; taken < 3; taken += 1) {
      left.push(await budget.left());
      await budget.take();
    }
    expect([...left, await budget.left()]).toEqual([3, 2, 1, 0]);
  });

  test('each GitLab has its own', async () => {
    await budgets().open('one', 30).hold(60_000);
    expect(await budgets().open('another', 30).take()).toBe(0);
  });
}

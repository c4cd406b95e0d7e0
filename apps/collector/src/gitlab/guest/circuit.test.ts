import { ManualClock } from '@sideband/shared/clock';
import type { InstanceName } from '@sideband/shared/names';
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { type Circuit, createCircuit } from './circuit.ts';

let clock: ManualClock;
let random: number;
let logged: { msg: string }[];
let circuit: Circuit;

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  random = 0;
  logged = [];
  circuit = createCircuit({
    ...{ instance: 'main' as InstanceName, clock, random: () => random },
    log: pino({}, { write: (line) => void logged.push(JSON.parse(line)) }),
  });
});

function end(isThere: boolean, times = 1): void {
  for (let time = 0; time < times; time += 1) circuit.begin()(isThere);
}

const messages = (): string[] => logged.map(({ msg }) => msg);
const OPENED = 'GitLab keeps failing and is left alone';
const CLOSED = 'GitLab answers again';

test('it opens at the fifth failure in a row', () => {
  end(false, 4);
  end(true);
  end(false, 4);
  expect(circuit.blockedMs()).toBe(0);
  end(false);
  expect(circuit.blockedMs()).toBe(1_000);
  expect(messages()).toEqual([OPENED]);
});

test('after a while it lets one probe through, and closes when that succeeds', () => {
  end(false, 5);
  clock.advance(999);
  expect(circuit.blockedMs()).toBe(1);
  clock.advance(1);
  expect(circuit.blockedMs()).toBe(0);
  const probe = circuit.begin();
  expect(circuit.blockedMs()).toBe(1_000);
  probe(true);
  expect(circuit.blockedMs()).toBe(0);
  expect(messages()).toEqual([OPENED, CLOSED]);
});

test('each probe that fails doubles the time, up to a minute; it is logged once', () => {
  end(false, 5);
  const times: number[] = [];
  for (let opening = 0; opening < 8; opening += 1) {
    times.push(circuit.blockedMs());
    clock.advance(circuit.blockedMs());
    end(false);
  }
  expect(times).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  random = 0.999_999;
  clock.advance(30_000);
  end(false);
  expect(circuit.blockedMs()).toBe(60_000);
  expect(messages()).toEqual([OPENED]);
});

test('after it closed, it begins anew', () => {
  end(false, 5);
  clock.advance(1_000);
  end(false);
  clock.advance(2_000);
  end(true);
  end(false, 4);
  expect(circuit.blockedMs()).toBe(0);
  end(false);
  expect(circuit.blockedMs()).toBe(1_000);
});

test('what was sent before it opened prolongs nothing when it fails, not even beside the probe', () => {
  const early = [circuit.begin(), circuit.begin(), circuit.begin()];
  end(false, 5);
  early[0]?.(false);
  expect(circuit.blockedMs()).toBe(1_000);
  clock.advance(1_000);
  const probe = circuit.begin();
  early[1]?.(false);
  probe(true);
  expect(circuit.blockedMs()).toBe(0);
});

test('what was sent before it opened closes it when it succeeds', () => {
  const early = circuit.begin();
  end(false, 5);
  early(true);
  expect(circuit.blockedMs()).toBe(0);
});

test('a clock that is set back does not keep it open', () => {
  end(false, 5);
  clock.advance(-86_400_000);
  expect(circuit.blockedMs()).toBe(0);
});

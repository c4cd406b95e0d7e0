import type { InstanceName } from '@sideband/shared/names';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { createShed, type Shed } from './shed.ts';

const HERE = 'gitlab.example.com' as InstanceName;
const THERE = 'gitlab.example.org' as InstanceName;

let waiting: number | undefined;
let shed: Shed;

beforeEach(() => {
  waiting = undefined;
  shed = createShed({ requests: 4, bytes: 100, waiting: 10 }, (instance) =>
    instance === HERE ? waiting : 0,
  );
});

function entered(bytes: number, isKnown = true): () => void {
  const leave = shed.enter(HERE, bytes, isKnown);
  if (typeof leave === 'string') throw new Error(`shed: ${leave}`);
  return leave;
}

test('as many are let in as there is room for, and others when one has gone', () => {
  const leave = entered(1);
  for (let more = 0; more < 3; more += 1) entered(1);
  expect(shed.enter(HERE, 1, true)).toBe('requests');
  leave();
  entered(1);
  expect(shed.enter(HERE, 1, true)).toBe('requests');
});

test('so are their bodies', () => {
  const leave = entered(60);
  expect(shed.enter(HERE, 41, true)).toBe('bytes');
  entered(40);
  expect(shed.enter(HERE, 1, true)).toBe('bytes');
  leave();
  entered(60);
});

test('those whom only their body can prove have half of it', () => {
  entered(30, false);
  expect(shed.enter(HERE, 21, false)).toBe('bytes');
  entered(20, false);
  expect(shed.enter(HERE, 0, false)).toBe('requests');
  entered(50);
  entered(0);
  expect(shed.enter(HERE, 0, true)).toBe('requests');
});

test('a queue that is too long lets nobody in; one that nobody knows does', () => {
  waiting = 10;
  entered(1);
  waiting = 11;
  expect(shed.enter(HERE, 1, true)).toBe('queue');
  expect(shed.enter(THERE, 1, true)).toBeTypeOf('function');
  waiting = undefined;
  entered(1);
});

test('whoever comes and goes, the limits hold and nothing is forgotten', () => {
  const visit = fc.record({ bytes: fc.nat(120), isKnown: fc.boolean(), leaves: fc.nat(5) });
  fc.assert(
    fc.property(fc.array(visit), (visits) => {
      const own = createShed({ requests: 4, bytes: 100, waiting: 10 }, () => 0);
      const inside: { bytes: number; leave: () => void }[] = [];
      for (const { bytes, isKnown, leaves } of visits) {
        const leave = own.enter(HERE, bytes, isKnown);
        if (typeof leave !== 'string') inside.push({ bytes, leave });
        expect(inside.length).toBeLessThanOrEqual(4);
        expect(inside.reduce((sum, one) => sum + one.bytes, 0)).toBeLessThanOrEqual(100);
        for (const one of inside.splice(leaves, 1)) one.leave();
      }
      for (const one of inside) one.leave();
      expect(typeof own.enter(HERE, 100, true)).toBe('function');
    }),
  );
});

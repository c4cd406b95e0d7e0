import { Buffer } from 'node:buffer';
import { parseSystemId } from '@sideband/shared/names';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTraceReader, type TraceHead } from '../trace-reader.ts';
import { type CorpusCase, read, readCorpus } from './read-corpus.suite.ts';

const CORPUS = readCorpus();
const LINES = CORPUS.flatMap(({ trace }) => trace.toString('latin1').split('\n'));

const someCase = fc.constantFrom(...CORPUS);
const someBytes = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
/** What a job may print: anything, and best what the runner prints. */
const someLine = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...LINES).map((line) => Buffer.from(line, 'latin1')) },
  { weight: 1, arbitrary: someBytes.map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0x0a))) },
);

function casesOf(format: TraceHead['format']): fc.Arbitrary<CorpusCase> {
  return fc.constantFrom(
    ...CORPUS.filter(({ trace }) => {
      const head = read(trace);
      return head.format === format && head.trusted !== 'nothing';
    }),
  );
}

/** All but where it stands. */
function factsOf({ images, systemId, executor, instance, runner, complete, ignored }: TraceHead): unknown {
  const said = images.map(({ lines, ...image }) => image);
  return { images: said, systemId, executor, instance, runner, complete, ignored };
}

describe('a trace of the corpus', () => {
  it('says the same however its bytes are cut', () => {
    fc.assert(
      fc.property(
        someCase,
        fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 80 }),
        ({ trace }, sizes) => {
          const reader = createTraceReader();
          let at = 0;
          for (const size of sizes) {
            if (reader.push(trace.subarray(at, at + size))) break;
            at += size;
          }
          reader.push(trace.subarray(at));
          expect(reader.finish()).toEqual(read(trace));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('says the same whatever the streams of others say, wherever they say it', () => {
    const stranger = fc.tuple(
      fc.nat(),
      fc.constantFrom('01O', '01E', '0fO', '10E', '00E'),
      fc.constantFrom(' ', '+'),
      someLine,
    );
    fc.assert(
      fc.property(
        casesOf('timestamped'),
        fc.array(stranger, { minLength: 1, maxLength: 20 }),
        ({ trace }, strangers) => {
          const lines = trace.toString('latin1').split('\n');
          for (const [at, stream, flag, text] of strangers) {
            const line = `2026-11-22T10:00:00.000000Z ${stream}${flag}${text.toString('latin1')}`;
            // Before the last piece, which is the beginning of a line that has not ended.
            lines.splice(at % lines.length, 0, line);
          }
          expect(factsOf(read(Buffer.from(lines.join('\n'), 'latin1')))).toEqual(factsOf(read(trace)));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('says the same whatever follows the preparation where lines are not marked', () => {
    fc.assert(
      fc.property(
        casesOf('plain').filter(({ trace }) => read(trace).complete),
        fc.array(fc.oneof(someLine, someBytes), { maxLength: 20 }),
        ({ trace }, appended) => {
          const head = read(trace);
          const prepared = trace.subarray(0, head.bytesRead);
          const more = appended.flatMap((piece) => [piece, Buffer.from('\n')]);
          expect(read(Buffer.concat([prepared, ...more]))).toEqual(head);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('names no image and no manager too early, wherever it breaks off', () => {
    fc.assert(
      fc.property(someCase, fc.nat(), ({ trace }, at) => {
        const whole = read(trace);
        const part = read(trace.subarray(0, at % (Math.min(trace.length, whole.bytesRead) + 1)));
        const known = whole.images.map(({ role, reference, id }) => `${role} ${reference} ${id}`);
        expect(known).toEqual(
          expect.arrayContaining(part.images.map(({ role, reference, id }) => `${role} ${reference} ${id}`)),
        );
        expect([undefined, whole.systemId]).toContain(part.systemId);
      }),
      { numRuns: 3_000 },
    );
  });

  it('keeps within bounds whatever happens to its bytes', () => {
    const damage = fc.tuple(fc.nat(), fc.nat({ max: 40 }), someBytes);
    const limits = { lineBytes: 512, headBytes: 4096 };
    fc.assert(
      fc.property(someCase, fc.array(damage, { minLength: 1, maxLength: 8 }), ({ trace }, damages) => {
        const damaged = damages.reduce(hit, trace);
        for (const head of [read(damaged), read(damaged, limits)]) expectSound(head, damaged.length);
        expect(read(damaged, limits).bytesRead).toBeLessThanOrEqual(limits.headBytes);
      }),
      { numRuns: 3_000 },
    );
  });
});

function hit(trace: Buffer, [at, length, bytes]: readonly [number, number, Buffer]): Buffer {
  const start = at % (trace.length + 1);
  return Buffer.concat([trace.subarray(0, start), bytes, trace.subarray(start + length)]);
}

function expectSound(head: TraceHead, bytes: number): void {
  expect(head.bytesRead).toBeLessThanOrEqual(bytes);
  expect(head.images.length).toBeLessThanOrEqual(256);
  for (const { reference = 'masked', lines, id, name } of head.images) {
    expect(reference).toMatch(/^[!-~]{1,512}$/);
    expect(lines.length).toBeLessThanOrEqual(32);
    expect(id ?? name).toBeDefined();
  }
  if (head.systemId !== undefined) expect(parseSystemId(head.systemId).ok).toBe(true);
  if (head.instance !== undefined) expect(head.instance).toMatch(/^[ -~]{1,255}$/);
  if (head.trusted === 'nothing') expect(head.images).toEqual([]);
}

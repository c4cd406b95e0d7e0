import { describe, expect, it } from 'vitest';
import { describeTrace } from '../../cli/describe-trace.ts';
import { expectedOf, filesOf, read, readCorpus } from './read-corpus.suite.ts';

describe('the corpus', () => {
  it('has an expectation for every trace and a trace for every expectation', () => {
    expect(filesOf('.json')).toEqual(filesOf('.trace'));
    expect(filesOf('.trace').length).toBeGreaterThan(80);
  });

  it.each(readCorpus())('$name', ({ name, trace }) => {
    expect(describeTrace(read(trace))).toEqual(expectedOf(name));
  });
});

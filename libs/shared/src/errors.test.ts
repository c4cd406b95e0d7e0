import { describe, expect, it } from 'vitest';
import { type ErrorCode, errorCatalogue, errorText, isSidebandError, SidebandError } from './errors.ts';

describe('errorCatalogue', () => {
  it.each(Object.entries(errorCatalogue))('%s tells what happened and what to do', (code, entry) => {
    expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)+$/);
    expect(entry.message).toMatch(/^[A-Z].*[^.]$/);
    expect(entry.remedy).toMatch(/^[A-Z].*\.$/);
    expect(['never', 'later', 'after-change']).toContain(entry.retry);
  });
});

describe('SidebandError', () => {
  it('takes its words from the catalogue', () => {
    const codes = Object.keys(errorCatalogue) as ErrorCode[];
    for (const code of codes) expect(new SidebandError(code)).toMatchObject(errorCatalogue[code]);
  });

  it('carries its details, its cause and how long to wait', () => {
    const cause = new Error('429');
    const error = new SidebandError('GITLAB_RATE_LIMITED', { project: 7 }, { cause, retryAfterMs: 2_000 });
    expect(error).toMatchObject({
      name: 'SidebandError',
      code: 'GITLAB_RATE_LIMITED',
      details: { project: 7 },
      retryAfterMs: 2_000,
    });
    expect(error.cause).toBe(cause);
  });

  it('has no cause where there was none', () => {
    expect(new SidebandError('ENGINE_FAILED')).not.toHaveProperty('cause');
  });
});

describe('isSidebandError', () => {
  it('tells our errors from others, and one code from another', () => {
    const error = new SidebandError('ENGINE_FAILED');
    expect(isSidebandError(error)).toBe(true);
    expect(isSidebandError(error, 'ENGINE_FAILED')).toBe(true);
    expect(isSidebandError(error, 'ENGINE_UNAVAILABLE')).toBe(false);
    expect(isSidebandError(new Error('ENGINE_FAILED'))).toBe(false);
    expect(isSidebandError({ code: 'ENGINE_FAILED' }, 'ENGINE_FAILED')).toBe(false);
  });
});

describe('errorText', () => {
  it.each([
    [new Error('no space left'), 'no space left'],
    ['thrown text', 'thrown text'],
    [undefined, 'undefined'],
  ])('shows %s as its message alone', (thrown, text) => {
    expect(errorText(thrown)).toBe(text);
  });
});

import { expect, test } from 'vitest';
import { type ContentRange, parseContentRange } from './content-range.ts';

function parse(header?: string): ContentRange | undefined {
  return parseContentRange({ status: 206, headers: header === undefined ? {} : { 'content-range': header } });
}

test.each([
  ['bytes 0-99/100', { from: 0, to: 100, total: 100 }],
  ['bytes 10-10/100', { from: 10, to: 11, total: 100 }],
  ['bytes 0-99/*', { from: 0, to: 100, total: undefined }],
])('%s', (header, range) => {
  expect(parse(header)).toEqual(range);
});

test.each([
  undefined,
  '',
  'bytes */100',
  'bytes 0-100/100',
  'bytes 5-4/100',
  'bytes=0-99/100',
  'items 0-99/100',
  'bytes 0-99/100, bytes 200-299/100',
  'bytes 0-9999999999999999/*',
])('is none: %s', (header) => {
  expect(parse(header)).toBeUndefined();
});

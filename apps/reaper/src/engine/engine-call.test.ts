import { expect, test } from 'vitest';
import { engineCall } from './engine-call.ts';

test.each([
  ['GET', '/_ping', 'GET /_ping'],
  ['GET', '/images/json', 'GET /images/json'],
  ['GET', '/containers/json', 'GET /containers/json'],
  ['GET', '/images/sha256:abc/json', 'GET /images/<id>/json'],
  ['GET', '/images/ghcr.io/team/json%3A1/json', 'GET /images/<id>/json'],
  ['GET', '/images/sha256:abc/history', 'GET /images/<id>/history'],
  ['POST', '/images/sha256%3Aabc/tag', 'POST /images/<id>/tag'],
  ['DELETE', '/images/docker.io/library/ruby%3A3.3', 'DELETE /images/<id>'],
] as const)('%s %s is counted as %s', (method, path, call) => {
  expect(engineCall({ method, path })).toBe(call);
});
